# SPDX-License-Identifier: MIT
"""setup-database and migrate: once, again, at once, and refused."""

import itertools
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

import testing
from pool import Pool
from stack import Cluster, Scratch
from testing import initialsdb

MIGRATIONS = sorted(path.stem for path in (testing.SOURCE / "sql" / "migrations").glob("*.sql"))


class Migrating(unittest.TestCase):
    """Each test has a database of its own, on one cluster."""

    @classmethod
    def setUpClass(cls) -> None:
        directory = Scratch()
        cls.addClassCleanup(directory.remove)
        cls.cluster = Cluster(directory.path, durable=False)
        cls.cluster.start()
        cls.addClassCleanup(cls.cluster.stop)
        cls.numbers = itertools.count()

    def setUp(self) -> None:
        self.name = f"board{next(self.numbers)}"
        self.env = {
            **Pool(initialsdb(), self.cluster).env,
            "DATABASE_URL": self.cluster.url(self.name, self.name),
            "MIGRATE_DATABASE_URL": self.cluster.url(self.name, f"{self.name}_owner"),
        }

    def run_it(self, *arguments: str, **env: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [str(initialsdb()), *arguments], env=self.env | env, capture_output=True, text=True, check=False, timeout=300
        )

    def works(self, *arguments: str, **env: str) -> None:
        done = self.run_it(*arguments, **env)
        self.assertEqual(0, done.returncode, done.stderr)

    def fails(self, *arguments: str, **env: str) -> str:
        """Asserts a failure, and returns what was said."""
        done = self.run_it(*arguments, **env)
        self.assertNotIn(done.returncode, (0, -6, -11), done.stderr)
        self.assertTrue(done.stderr)
        return done.stderr

    def sql(self, statement: str) -> str:
        return self.cluster.psql(statement, self.name)

    def applied(self) -> list[str]:
        return self.sql("select name from board.migration order by number").splitlines()

    def test_fresh_database_gets_every_migration(self) -> None:
        self.works("setup-database")
        self.works("migrate")
        self.assertEqual(MIGRATIONS, self.applied())

    def test_both_may_run_again(self) -> None:
        for _ in range(2):
            self.works("setup-database")
            self.works("migrate")
        self.assertEqual(MIGRATIONS, self.applied())

    def test_administrator_is_not_made_a_role_of_the_board(self) -> None:
        """With the origin, the program's role was the only superuser."""
        self.cluster.psql(f"create role {self.name}_admin superuser login", "postgres")
        admin = {"ADMIN_DATABASE_URL": self.cluster.url(user=f"{self.name}_admin")}
        for env in ({"DATABASE_URL": self.cluster.url(self.name)}, {"DATABASE_URL": self.cluster.url(self.name)} | admin,
                    {"MIGRATE_DATABASE_URL": self.cluster.url(self.name, f"{self.name}_admin")} | admin):
            self.assertIn("Name other roles", self.fails("setup-database", **env))
        self.assertEqual("2", self.cluster.psql("select count(*) from pg_roles where rolsuper", "postgres"))

    def test_b66_many_at_once_apply_each_migration_once(self) -> None:
        self.works("setup-database")
        argv = [str(initialsdb()), "migrate"]
        children = [subprocess.Popen(argv, env=self.env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) for _ in range(6)]
        for child in children:
            said = child.communicate(timeout=300)[1]
            self.assertEqual(0, child.returncode, said)
        self.assertEqual(MIGRATIONS, self.applied())

    def test_migration_that_was_changed_is_refused_by_name(self) -> None:
        self.works("setup-database")
        self.works("migrate")
        self.sql("update board.migration set checksum = repeat('0', 64) where number = 2")
        self.assertIn(MIGRATIONS[1], self.fails("migrate"))

    def test_database_of_a_newer_program_is_refused(self) -> None:
        self.works("setup-database")
        self.works("migrate")
        self.sql("insert into board.migration (number, name, checksum) values (9999, '9999_future', '')")
        self.assertIn("9999_future, which is newer", self.fails("migrate"))

    def test_migration_that_fails_leaves_nothing_behind(self) -> None:
        self.works("setup-database")
        self.works("migrate")
        last = MIGRATIONS[-1]
        before = self.sql("select count(*) from pg_class")
        self.sql(f"delete from board.migration where name = '{last}'")
        self.fails("migrate")  # what it makes is there already
        self.assertEqual(before, self.sql("select count(*) from pg_class"))
        self.assertEqual(MIGRATIONS[:-1], self.applied())

    def test_b67_application_role_cannot_migrate(self) -> None:
        self.works("setup-database")
        self.works("migrate")
        self.fails("migrate", MIGRATE_DATABASE_URL=self.env["DATABASE_URL"])
        self.assertEqual(MIGRATIONS, self.applied())

    def test_roles_must_be_two_and_named(self) -> None:
        same = self.fails("setup-database", MIGRATE_DATABASE_URL=self.env["DATABASE_URL"])
        self.assertIn("two different roles", same)
        unnamed = self.fails("setup-database", DATABASE_URL=f"host={self.cluster.run_dir}")
        self.assertIn("must name the database", unnamed)

    def test_server_that_is_away_is_told_from_a_missing_database(self) -> None:
        self.assertIn("does not exist", self.fails("migrate"))
        self.assertIn("/nonexistent", self.fails("migrate", MIGRATE_DATABASE_URL="host=/nonexistent user=x dbname=y"))
        self.assertIn("/nonexistent", self.fails("setup-database", ADMIN_DATABASE_URL="host=/nonexistent"))

    def test_pool_does_not_serve_a_database_without_the_schema(self) -> None:
        self.works("setup-database")
        done = self.run_it("serve")
        self.assertEqual(78, done.returncode)
        self.assertRegex(done.stderr, r"event=wrong_schema database=0 .*initialsdb migrate")
        self.assertNotIn("child_died", done.stderr)


if __name__ == "__main__":
    testing.require("psql", "setpriv")
    testing.main()
