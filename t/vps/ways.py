# SPDX-License-Identifier: MIT
"""The two ways to install that README has, as commands in a machine: the tarball, and the Debian package made of it."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

import testing
from machine import Failed, Machine

SITE, TRIED = "board.example.org", "localhost"  # for a name of this kind Caddy is its own authority
CONFIGURE = "./configure -q --prefix=/usr --sysconfdir=/etc --localstatedir=/var && make -s && make -s install"
OLD, NEW = "0.1.0", "0.1.1"
CHANGE = """initialsdb (0.1.1-1) unstable; urgency=medium

  * One migration more.

 -- initialsdb maintainers <maintainers@users.noreply.example.org>  Sun, 22 Nov 2026 12:00:00 +0000

"""


def commands(name: str) -> list[str]:
    """The lines of README's block of that name."""
    text = (testing.SOURCE / "README.md").read_text()
    block = re.search(rf"^```\w+ {name}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert block, f"README has no block called {name}"
    return block[1].replace(SITE, TRIED).splitlines()


def replace(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text, f"{file} has no {old}"
    file.write_text(text.replace(old, new))


def next_version(tarball: Path, place: Path) -> Path:
    """Unpacks the tarball into `place` and makes version 0.1.1 of it, with one migration more."""
    place.mkdir()
    subprocess.run(["tar", "-xf", str(tarball), "-C", str(place)], check=True)
    tree = next(place.iterdir())
    last = max((tree / "sql/migrations").glob("*.sql"))
    added = last.with_name(f"{int(last.name[:4]) + 1:04}_next.sql")
    added.write_text("create table board.next (n integer);\n")
    # What is made comes after what it is made from: nothing is made anew where autoconf is not installed.
    for file in ("configure.ac", "configure"):
        replace(tree / file, OLD, NEW)
    for file in ("Makefile.am", "Makefile.in"):
        replace(tree / file, f"sql/migrations/{last.name}", f"sql/migrations/{last.name} sql/migrations/{added.name}")
    for file in ("aclocal.m4", "configure", "Makefile.in"):
        (tree / file).touch()
    changelog = tree / "t/packaging/debian/changelog"
    changelog.write_text(CHANGE + changelog.read_text())
    return tree


class Tarball:
    """make install."""

    def __init__(self, machine: Machine, tarball: Path, _builder: Path) -> None:
        self.machine, self.run, self.tarball = machine, machine.inside, tarball

    def bring(self) -> None:
        """Everything that comes from outside, before the first boot."""
        self.machine.prepare(commands("vps")[0])
        shutil.copy(self.tarball, self.machine.root / "root")
        tree = next_version(self.tarball, self.machine.root / "root/next")
        self.next = f"/root/next/{tree.name}"

    def install(self) -> None:
        for command in commands("vps")[1:3]:
            self.run(f"cd /root && {command}")

    def upgrade(self) -> None:
        self.run(f"cd {self.next} && {CONFIGURE}")
        for command in commands("upgrade"):
            self.run(command)

    def roll_back(self) -> None:
        self.run(f"cd /root/initialsdb-{OLD} && make -s install")
        refused = self.run("systemctl daemon-reload && systemctl restart initialsdb", check=False)
        if refused.returncode == 0:
            raise Failed("an old version started with a newer schema")
        for command in commands("rollback"):
            self.run(command)

    def remove(self) -> None:
        self.run("systemctl disable --now initialsdb@books.socket initialsdb@books")
        self.run(f"cd /root/initialsdb-{OLD} && {' && '.join(commands('uninstall'))}")

    def purge(self) -> None:
        """The package manager has nothing to purge."""


class Package:
    """dpkg-buildpackage in a machine like the one to be, apt-get in that one."""

    def __init__(self, machine: Machine, tarball: Path, builder: Path) -> None:
        self.machine, self.run, self.tarball, self.builder = machine, machine.inside, tarball, builder

    def build(self, name: str) -> None:
        """README's commands in the directory `name`, and a look at what they made."""
        machine = Machine(self.builder)
        for command in commands("package-build"):
            machine.prepare(f"cd /root/{name} && {command}")
        machine.prepare("apt-get install -y -q --no-install-recommends lintian")
        machine.prepare(f"cd /root/{name} && lintian --allow-root --fail-on error,warning *.changes")
        for package in (self.builder / "root" / name).glob("initialsdb_*.deb"):
            shutil.copy(package, self.machine.root / "root")

    def bring(self) -> None:
        root = self.builder / "root"
        for name in ("old", "new"):
            shutil.rmtree(root / name, ignore_errors=True)
            (root / name).mkdir()
        shutil.copy(self.tarball, root / "old")
        tree = next_version(self.tarball, root / "new/made")
        again = root / "new" / self.tarball.name
        subprocess.run(["tar", "-cJf", str(again), "-C", str(tree.parent), tree.name], check=True)
        for name in ("old", "new"):
            self.build(name)
        self.machine.prepare(f"cd /root && {commands('package')[0]}")

    def install(self) -> None:
        """It is; its users and directories, too."""

    def upgrade(self) -> None:
        for command in commands("package-upgrade"):
            self.run(f"cd /root && {command}")

    def roll_back(self) -> None:
        for command in commands("package-rollback"):
            self.run(f"cd /root && {command}")

    def remove(self) -> None:
        pid = "systemctl show -P MainPID initialsdb@books"
        before = self.run(pid).stdout
        self.run("apt-get install -y --reinstall /root/initialsdb_0.1.0-1_*.deb")
        if self.run(pid).stdout in (before, "0\n"):
            raise Failed("the pool of the second board was not restarted by an upgrade")
        self.run("apt-get remove -y initialsdb")
        self.run("test -e /etc/initialsdb/secrets/pow_secret_key")
        active = self.run("systemctl list-units --no-legend --plain 'initialsdb*'").stdout
        if active:
            raise Failed(f"still there after the removal:\n{active}")

    def purge(self) -> None:
        self.run("apt-get purge -y initialsdb")
        left = self.run("ls -d /etc/initialsdb; find /etc/systemd /var/lib/systemd -name '*initialsdb*'", check=False).stdout
        if left:
            raise Failed(f"left by purge:\n{left}")
