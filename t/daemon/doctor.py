# SPDX-License-Identifier: MIT
"""initialsdb doctor: finds nothing on a sound board, and each thing that is broken."""

import os
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

import testing
from case import PoolCase
from testing import initialsdb


class Doctor(PoolCase):
    def findings(self, **env: str) -> dict[str, list[str]]:
        """What is wrong, by the thing it is about."""
        settings = self.here.env | {"BACKUP_DIR": str(self.cluster.state)} | env
        done = subprocess.run([initialsdb(), "doctor"], env=settings, capture_output=True, text=True, check=False)
        lines = [line.split(None, 2) for line in done.stdout.splitlines()[:-1]]
        found: dict[str, list[str]] = {}
        for verdict, what, text in lines:
            found.setdefault(what, [])
            if verdict == "WRONG":
                found[what].append(text)
        self.assertEqual(1 if any(found.values()) else 0, done.returncode)
        found.pop("caddy")  # of this machine, not of the test
        return found

    def setUp(self) -> None:
        super().setUp()
        self.here = self.pool()
        self.sql("insert into board.backup values ('b', now(), 1) on conflict (name) do update set tried_at = now()")

    def wrong(self, what: str, **env: str) -> str:
        return " ".join(self.findings(**env)[what])

    def test_a_sound_board_has_nothing_to_mend(self) -> None:
        found = self.findings()
        self.assertLess({"settings", "secrets", "database", "schema", "roles", "clock", "backup", "owner"}, set(found))
        self.assertEqual({}, {what: texts for what, texts in found.items() if texts and what != "disk"})

    def test_wrong_settings_are_named(self) -> None:
        self.assertIn("WORKERS", self.wrong("settings", WORKERS="many"))

    def test_missing_secrets_are_named(self) -> None:
        self.assertIn("setup-secrets", self.wrong("secrets", SERVER_SALT=""))

    def test_unreachable_database(self) -> None:
        self.assertIn("setup-database", self.wrong("database", DATABASE_URL="host=/nowhere dbname=x user=y"))

    def test_owner_that_cannot_connect(self) -> None:
        url = self.here.env["MIGRATE_DATABASE_URL"] + " user=nobody_at_all"
        self.assertIn("MIGRATE_DATABASE_URL", self.wrong("owner", MIGRATE_DATABASE_URL=url))

    def test_other_schema(self) -> None:
        self.sql("update board.schema_version set api = 'other'")
        self.addCleanup(self.here.command, "migrate")
        self.assertIn("initialsdb-migrate", self.wrong("schema"))

    def test_mighty_role(self) -> None:
        self.sql("grant usage on schema board to initialsdb; grant select on board.hidden to initialsdb")
        self.addCleanup(self.here.command, "migrate")
        self.assertIn("may do more", self.wrong("roles"))

    def test_backups_that_are_missing_or_old(self) -> None:
        self.sql("update board.backup set tried_at = now() - interval '3 days'")
        self.assertIn("72 hours", self.wrong("backup"))
        self.sql("delete from board.backup")
        self.assertIn("none yet", self.wrong("backup"))

    def test_socket_that_is_missing_or_open_to_all(self) -> None:
        self.assertIn("initialsdb.socket", self.wrong("socket", SOCKET_PATH="/nowhere/socket"))
        os.chmod(self.here.socket, 0o666)
        self.assertIn("SOCKET_MODE", self.wrong("socket"))


if __name__ == "__main__":
    testing.main()
