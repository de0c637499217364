# SPDX-License-Identifier: MIT
"""Backups that restore: made, tried, brought back; and what happens when one is spoiled."""

import gzip
import json
import os
import stat
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

import testing
from pool import Pool
from stack import Cluster, Scratch
from testing import initialsdb


# Preloaded, it writes down what is synchronised.
FSYNC_THAT_TELLS = r"""
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
int fsync(int fd)
{
    char link[64], path[4096] = "";
    FILE *told = fopen(getenv("SYNCED"), "a");
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    if (readlink(link, path, sizeof(path) - 1) > 0)
        fprintf(told, "%s\n", path);
    fclose(told);
    return 0;
}
"""


class Backups(unittest.TestCase):
    def setUp(self) -> None:
        scratch = Scratch()
        self.addCleanup(scratch.remove)
        self.cluster = Cluster(scratch.path / "state", durable=False)
        self.cluster.start()
        self.addCleanup(self.cluster.stop)
        self.directory = scratch.path / "backup"
        self.seen = scratch.path / "seen"
        self.pool = Pool(initialsdb(), self.cluster, {"BACKUP_DIR": str(self.directory)})
        self.pool.prepare()
        self.sql("insert into board.message (body) select 'message ' || n from generate_series(1, 500) as n")
        self.sql("select board.hide(array[7, 8])")

    def sql(self, statement: str) -> str:
        return self.cluster.psql(statement)

    def run_program(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        argv = [str(initialsdb()), *arguments]
        # What pg_restore says of a spoiled dump may quote its bytes.
        return subprocess.run(argv, env=self.pool.env | env, capture_output=True, text=True, errors="replace", check=False)

    def good(self, *arguments: str, **env: str) -> str:
        done = self.run_program(*arguments, **env)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        return done.stdout

    def names(self, pattern: str = "*") -> list[str]:
        return sorted(path.name for path in self.directory.glob(pattern))

    def last_good(self) -> dict[str, object]:
        return json.loads(self.sql("select body from api.last_backup()"))

    def test_b63_backup_holds_everything_and_only_its_owner_reads_it(self) -> None:
        self.assertIsNone(self.last_good()["name"])
        self.good("backup")
        self.assertEqual([".dump", ".gz", ".manifest"], sorted(Path(name).suffix for name in self.names()))
        for path in (self.directory, *self.directory.iterdir()):
            self.assertEqual(0, stat.S_IMODE(path.stat().st_mode) & 0o077, path.name)
        lines = gzip.decompress(next(self.directory.glob("*.jsonl.gz")).read_bytes()).splitlines()
        self.assertEqual(498, len(lines))
        manifest = next(self.directory.glob("*.manifest")).read_text()
        self.assertRegex(manifest, r"(?m)^message 498 -?\d+$")
        self.assertRegex(manifest, r"(?m)^hidden 2 -?\d+$")
        self.assertEqual("", self.cluster.psql("select nspname from pg_namespace where nspname = 'board'", "initialsdb_restore"))
        self.assertLess(self.last_good()["age_secs"], 60)

    def test_b64_restore_brings_back_what_was_lost(self) -> None:
        state = "select count(*), max(id), sum(hashtext(body)) from board.message"
        before = self.sql(state)
        self.good("backup")
        self.sql("delete from board.message where id > 100")
        refused = self.run_program("restore")
        self.assertEqual(1, refused.returncode)
        self.assertIn("--replace", refused.stderr)
        self.good("restore", "--replace")
        self.assertEqual(before, self.sql(state))
        self.pool.start()
        self.addCleanup(self.pool.stop)
        self.assertEqual({"count": 498}, self.pool.request("/api/listings/count").json())
        self.assertIn("last good backup 0 hours ago", self.good("status"))
        self.assertRegex(self.good("metrics"), r"(?m)^initialsdb_backup_timestamp_seconds [1-9]\d{9}$")
        self.assertEqual("501", self.sql("insert into board.message (body) values ('next') returning id"))

    def test_restore_into_an_empty_database(self) -> None:
        self.good("backup")
        self.sql("drop schema board cascade; drop schema api cascade")
        self.good("restore")
        self.assertEqual("498", self.sql("select count(*) from board.message"))

    def test_failed_restore_leaves_the_board_as_it_was(self) -> None:
        self.good("backup")
        dump = next(self.directory.glob("*.dump"))
        dump.write_bytes(dump.read_bytes()[:-2000])
        self.assertEqual(1, self.run_program("restore", "--replace").returncode)
        self.assertEqual("498", self.sql("select count(*) from board.message"))

    def test_b64_spoiled_dump_raises_the_alarm(self) -> None:
        self.good("backup")
        self.good("restore", "--drill")
        dump = next(self.directory.glob("*.dump"))
        spoiled = bytearray(dump.read_bytes())
        step = len(spoiled) // 16  # in one place there may be nothing but rights, which no restore takes from there
        for start in range(step, 15 * step, step):
            for place in range(start, start + 64):
                spoiled[place] ^= 0xFF
        dump.write_bytes(spoiled)
        alarm = self.run_program("restore", "--drill")
        self.assertEqual(1, alarm.returncode)
        self.assertIn("IS NOT GOOD", alarm.stderr)

    def test_takeout_of_another_board_raises_the_alarm(self) -> None:
        self.good("backup")
        takeout = next(self.directory.glob("*.jsonl.gz"))
        takeout.write_bytes(gzip.compress(gzip.decompress(takeout.read_bytes()).replace(b"message 300", b"message 999"), mtime=0))
        alarm = self.run_program("restore", "--drill")
        self.assertEqual(1, alarm.returncode)
        self.assertIn("does not hold the messages", alarm.stderr)

    def test_failed_backup_is_loud_and_keeps_the_old_one(self) -> None:
        self.good("backup")
        kept = self.names()
        self.cluster.psql("drop database initialsdb_restore", "postgres")
        failed = self.run_program("backup")
        self.assertEqual(1, failed.returncode)
        self.assertIn("THE BACKUP FAILED", failed.stderr)
        self.assertEqual(kept, self.names())

    def instead_of(self, program: str, script: str) -> dict[str, str]:
        """The environment in which `script` runs for `program`."""
        path = self.directory.parent / "bin" / program
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return {"PATH": f"{path.parent}:{os.environ['PATH']}"}

    def test_compressor_that_dies_fails_the_backup(self) -> None:
        failed = self.run_program("backup", **self.instead_of("gzip", "exec <&-; exit 3"))
        self.assertEqual(1, failed.returncode)
        self.assertRegex(failed.stderr, "(?s)gzip ended with status 3.*THE BACKUP FAILED")
        self.assertEqual([], self.names())

    def test_backup_is_on_the_disk_when_it_says_so(self) -> None:
        library, synced = self.directory.parent / "fsync.so", self.directory.parent / "synced"
        subprocess.run(["cc", "-shared", "-fPIC", "-x", "c", "-", "-o", library], input=FSYNC_THAT_TELLS, text=True, check=True)
        self.good("backup", LD_PRELOAD=str(library), SYNCED=str(synced))
        told = [Path(path).name for path in synced.read_text().split()]
        for suffix in (".dump", ".jsonl.gz", ".manifest.new"):
            self.assertTrue([name for name in told if name.endswith(suffix)], told)
        self.assertEqual(self.directory.name, told[-1], "the name of the manifest comes last")

    def test_old_backups_go_and_the_hook_gets_the_new_one(self) -> None:
        self.directory.mkdir(mode=0o700)
        for day in ("20200101", "20200102"):
            (self.directory / f"initialsdb-{day}T030000Z.dump").touch()
        (self.directory / "notes.txt").touch()
        hook = self.directory.parent / "hook"
        hook.write_text(f'#!/bin/sh\nls "$@" > {self.seen}\n')
        hook.chmod(0o755)
        self.good("backup", BACKUP_HOOK=str(hook), BACKUP_DAYS="3")
        self.assertEqual([], self.names("*2020*"))
        self.assertEqual(["notes.txt"], self.names("notes*"))
        self.assertEqual(3, len(self.seen.read_text().splitlines()))
        hook.write_text("#!/bin/sh\nexit 3\n")
        self.assertEqual(1, self.run_program("backup", BACKUP_HOOK=str(hook)).returncode)

    def test_board_that_was_never_asked_anything_has_nothing_to_back_up(self) -> None:
        self.sql("drop schema board cascade; drop schema api cascade")
        for arguments in (["backup"], ["restore", "--drill"]):
            self.assertIn("nothing to back up yet", self.good(*arguments))
        self.assertEqual([], self.names())
        self.sql("create table public.listings (id bigint)")  # of the origin, to be adopted
        self.assertEqual(1, self.run_program("backup").returncode)

    def test_board_that_was_lost_is_not_taken_for_a_new_one(self) -> None:
        self.good("backup")
        self.sql("drop schema board cascade; drop schema api cascade")
        lost = self.run_program("backup")
        self.assertEqual(1, lost.returncode)
        self.assertIn("THE BACKUP FAILED", lost.stderr)
        self.assertEqual(3, len(self.names()))

    def test_password_is_not_in_the_arguments(self) -> None:
        env = self.instead_of("pg_dump", f'echo "$@" "env:$PGPASSWORD" > {self.seen}; exit 1')
        url = self.pool.env["MIGRATE_DATABASE_URL"] + " password='s3cret word'"
        self.run_program("backup", MIGRATE_DATABASE_URL=url, **env)
        said = self.seen.read_text()
        self.assertEqual(1, said.count("s3cret word"), said)
        self.assertIn("env:s3cret word", said)


if __name__ == "__main__":
    testing.require("cc", "pg_dump", "pg_restore", "gzip")
    testing.main()
