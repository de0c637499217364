# SPDX-License-Identifier: MIT
"""What operators get wrong, and that they are told what to do next."""

import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

import namespaces
import testing
from case import PoolCase
from pool import Pool
from stack import Cluster, Scratch
from testing import initialsdb

MISCONFIGURED = 78


class Mistakes(PoolCase):
    def setUp(self) -> None:
        super().setUp()
        self.env = Pool(initialsdb(), self.cluster).env

    def said(self, *argv: str, status: int = 1, **env: str) -> str:
        """What a command that must fail writes for people; a setting given as "" is not set."""
        settings = {name: value for name, value in (self.env | env).items() if value}
        done = subprocess.run([initialsdb(), *argv], env=settings, capture_output=True, text=True, check=False)
        self.assertEqual(status, done.returncode, done.stdout + done.stderr)
        return done.stderr

    def test_no_secret(self) -> None:
        self.assertIn("openssl rand", self.said("serve", status=MISCONFIGURED, POW_SECRET_KEY=""))

    def test_url_that_cannot_be_read(self) -> None:
        for command in ("serve", "check-config"):
            said = self.said(command, status=MISCONFIGURED, DATABASE_URL="host=/tmp dbnam=initialsdb")
            self.assertRegex(said, "DATABASE_URL: .*dbnam")

    def test_unknown_setting_and_wrong_choice(self) -> None:
        with Scratch() as directory:
            (directory / "conf").write_text("WORKRES=3\n")
            self.assertIn("conf:1: there is no setting of this name; initialsdb --help", self.said(
                "check-config", status=MISCONFIGURED, CONFIG_FILE=str(directory / "conf")))
        self.assertIn('0600 0660 0666, not "0777"', self.said("check-config", status=MISCONFIGURED, SOCKET_MODE="0777"))

    def test_no_server(self) -> None:
        said = self.said("migrate", MIGRATE_DATABASE_URL="host=/nowhere dbname=initialsdb user=initialsdb_owner")
        self.assertIn("PostgreSQL must run", said)

    def test_missing_role(self) -> None:
        with Scratch() as directory, Cluster(directory, durable=False) as fresh:
            env = {"MIGRATE_DATABASE_URL": fresh.url("initialsdb", "initialsdb_owner"), "DATABASE_URL": fresh.url("initialsdb", "initialsdb")}
            self.assertIn("setup-database makes them", self.said("migrate", **env))
            Pool(initialsdb(), fresh).command("setup-database")
            self.assertIn("run initialsdb migrate", self.said("list", **env))
            self.assertIn('hint="run initialsdb migrate"', self.said("serve", status=MISCONFIGURED, **env))

    def test_migrating_as_the_application_role(self) -> None:
        self.assertIn("MIGRATE_DATABASE_URL must name the owner role", self.said("migrate", MIGRATE_DATABASE_URL=self.env["DATABASE_URL"]))

    def test_setting_up_without_a_superuser(self) -> None:
        self.assertIn("runuser -u postgres", self.said("setup-database", ADMIN_DATABASE_URL=self.env["DATABASE_URL"]))
        self.assertIn("runuser -u postgres", self.said("setup-database", ADMIN_DATABASE_URL="host=/nowhere dbname=postgres"))

    def test_schema_of_a_newer_program(self) -> None:
        self.sql("update board.schema_version set number = number + 1")
        self.addCleanup(self.sql, "update board.schema_version set number = number - 1")
        self.assertIn("install the newer program", self.said("serve", status=MISCONFIGURED))

    def test_socket_that_is_taken_or_has_no_place(self) -> None:
        pool = self.pool()
        self.assertIn("initialsdb status", self.said("serve", SOCKET_PATH=str(pool.socket)))
        self.assertIn("systemd-tmpfiles", self.said("serve", SOCKET_PATH="/nowhere/socket"))

    def test_status_without_a_pool(self) -> None:
        self.assertIn("systemctl start initialsdb", self.said("status", SOCKET_PATH="/nowhere/socket"))

    def test_backup_without_a_place_or_room(self) -> None:
        self.assertIn("BACKUP_DIR", self.said("backup", BACKUP_DIR="/nowhere/backup"))
        with Scratch() as directory:
            full = f'mount -t tmpfs -o size=16k tmpfs "{directory}" && exec "{initialsdb()}" backup'
            argv = [*namespaces.apart("mount"), "sh", "-c", full]
            done = subprocess.run(argv, env=self.env | {"BACKUP_DIR": str(directory)}, capture_output=True, text=True, check=False)
        self.assertEqual(1, done.returncode, done.stdout)
        self.assertRegex(done.stderr, f"(?s)No space left on device.*THE BACKUP FAILED.*kept in {directory}")

    def test_nothing_to_restore(self) -> None:
        with Scratch() as directory:
            self.assertIn("set BACKUP_DIR", self.said("restore", BACKUP_DIR=str(directory)))

    def test_moderation_that_lacks_something(self) -> None:
        self.assertIn("say --reason", self.said("hide", "1", status=2))
        self.assertIn("say which messages", self.said("hide", "--reason", "spam", status=2))
        self.assertIn("say a word", self.said("refuse", status=2))

    def test_arguments_that_moderation_would_pass_over(self) -> None:
        for words in (["list", "casino"], ["show", "1", "2"], ["log", "20"], ["reports", "20"]):
            self.assertIn(f"see initialsdb {words[0]} --help", self.said(*words, status=2))

    def test_time_zone_of_the_database_does_not_matter(self) -> None:
        self.sql("alter database initialsdb set timezone = 'Asia/Tokyo'")
        self.addCleanup(self.sql, "alter database initialsdb reset timezone")
        posted = self.poster(self.pool()).post("in Tokyo").json()["created_at"]
        self.assertEqual("t", self.sql(f"select abs(extract(epoch from clock_timestamp() - '{posted}')) < 600"))

    def test_argument_of_a_command_that_takes_none(self) -> None:
        for command in ("migrate", "backup", "serve"):
            self.assertIn(f"{command} takes no arguments, but was given --dry-run", self.said(command, "--dry-run"))

    def test_unknown_command(self) -> None:
        said = self.said("stat")
        self.assertEqual('initialsdb: there is no command "stat"', said.splitlines()[-1])
        self.assertIn("  status ", said)


if __name__ == "__main__":
    testing.main()
