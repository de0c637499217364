# SPDX-License-Identifier: MIT
"""The systemd units: valid, confined, and one for each part of a board."""

import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

import testing
from install import make, places

MOST_EXPOSED = 5  # tenths


def systemd_analyze(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    argv = ["systemd-analyze", "--no-pager", *arguments]
    return subprocess.run(argv, env=os.environ | env, capture_output=True, text=True, check=False)


class Units(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.scratch = tempfile.TemporaryDirectory(prefix="initialsdb-units-")
        cls.root = Path(cls.scratch.name)
        make("install", f"DESTDIR={cls.root}")
        cls.at = places(cls.root)
        cls.units = cls.at["systemdsystemunitdir"]

    @classmethod
    def tearDownClass(cls) -> None:
        cls.scratch.cleanup()

    def instances(self, pattern: str) -> list[Path]:
        """The unit files, those of many boards as the units of one board called "books"."""
        found = []
        for file in sorted(self.units.glob(pattern)):
            instance = self.root / file.name.replace("@.", "@books.")
            instance.write_text(file.read_text())
            found.append(instance)
        return found

    def test_every_unit_exists_for_one_board_and_for_many(self) -> None:
        for kind in ("service", "socket"):
            self.assertTrue((self.units / f"initialsdb.{kind}").exists())
        names = {file.name for file in self.units.glob("initialsdb*")}
        self.assertEqual(14, len(names))
        self.assertEqual({name for name in names if "@" in name}, {n.replace(".", "@.") for n in names if "@" not in n})

    def test_master_that_falls_silent_is_replaced(self) -> None:
        """It says every second that it lives; t/daemon/telling.py hears it."""
        for name in ("initialsdb.service", "initialsdb@.service"):
            text = (self.units / name).read_text()
            self.assertIn("\nType=notify\n", text)
            self.assertGreater(int(re.search(r"(?m)^WatchdogSec=(\d+)$", text)[1]), 10)
            self.assertIn("\nRestart=on-failure\n", text)

    def test_units_are_valid(self) -> None:
        # The program itself is not where the units expect it while we are a test.
        program = str(self.at["bindir"] / "initialsdb")
        for file in self.units.glob("initialsdb*"):
            file.write_text(re.sub(r"(?m)^ExecStart=\S+/initialsdb ", f"ExecStart={program} ", file.read_text()))
        for unit in self.instances("initialsdb*"):
            done = systemd_analyze("verify", "--man=no", str(unit), SYSTEMD_UNIT_PATH=f"{self.units}:")
            said = [line for line in done.stderr.splitlines() if "initialsdb" in line]
            self.assertEqual((0, []), (done.returncode, said), unit.name)

    def test_services_are_confined(self) -> None:
        services = self.instances("initialsdb*.service")
        self.assertEqual(8, len(services))
        for unit in services:
            done = systemd_analyze("security", "--offline=true", f"--threshold={MOST_EXPOSED}", str(unit))
            said = re.findall("Overall exposure.*", done.stdout) or done.stderr
            self.assertEqual(0, done.returncode, f"{unit.name}: {said}")

    def test_boards_share_nothing(self) -> None:
        for file in self.units.glob("initialsdb*@.*"):
            own = re.sub(r"(?m)^(#.*|Documentation=.*|ExecStart=.*)$", "", file.read_text())
            names = re.findall(r"initialsdb\S*", own)
            confused = [name for name in names if "%i" not in name and not name.startswith("initialsdb/secrets@%i")]
            self.assertEqual([], confused, file.name)

    def test_users_and_directories_are_declared(self) -> None:
        for kind, program in (("sysusers", "systemd-sysusers"), ("tmpfiles", "systemd-tmpfiles")):
            file = self.at[f"{kind}dir"] / "initialsdb.conf"
            self.assertIn("initialsdb_owner", file.read_text(), program)
        argv = ["systemd-sysusers", f"--root={self.root}", str(self.at["sysusersdir"] / "initialsdb.conf")]
        (self.root / "etc").mkdir(exist_ok=True)
        if os.geteuid() == 0:
            subprocess.run(argv, check=True, capture_output=True)
            self.assertIn("initialsdb_owner:", (self.root / "etc/passwd").read_text())


if __name__ == "__main__":
    testing.require("make", "systemd-analyze", "systemd-sysusers")
    testing.main()
