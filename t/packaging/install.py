# SPDX-License-Identifier: MIT
"""make install and make uninstall, into a directory of its own; what is installed, and that it agrees."""

import gzip
import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "docs"))

import pictures
import testing

PLACES = ("bindir", "confdir", "datadir", "mandir", "pkgdatadir", "systemdsystemunitdir", "sysusersdir", "tmpfilesdir")


def make(*arguments: str, text: str = "") -> str:
    env = {name: value for name, value in os.environ.items() if not name.startswith("MAKE") and name != "MFLAGS"}
    argv = ["make", "-s", "-C", str(testing.BUILD), *arguments]
    done = subprocess.run(argv, env=env, input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        raise AssertionError(f"{' '.join(argv)}:\n{done.stdout}{done.stderr}")
    return done.stdout


def places(root: Path) -> dict[str, Path]:
    """Where the build in hand installs to, below `root`."""
    rule = "where:\n" + "".join(f"\t@echo '{name}=$({name})'\n" for name in PLACES)
    lines = make("-f", "Makefile", "-f", "-", "where", text=rule).splitlines()
    return {name: root / path.lstrip("/") for name, path in (line.split("=", 1) for line in lines)}


def files(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*") if not path.is_dir()}


class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.scratch = tempfile.TemporaryDirectory(prefix="initialsdb install ")
        cls.root = Path(cls.scratch.name) / "root"
        make("install", f"DESTDIR={cls.root}")
        cls.at = places(cls.root)
        cls.program = cls.at["bindir"] / "initialsdb"
        cls.sample = cls.at["confdir"] / "initialsdb.conf"

    @classmethod
    def tearDownClass(cls) -> None:
        cls.scratch.cleanup()

    def output(self, *arguments: str) -> str:
        env = {"PATH": os.environ["PATH"]}
        return subprocess.run([self.program, *arguments], env=env, capture_output=True, text=True, check=True).stdout

    def commands(self) -> list[str]:
        listed = self.output("--help").split("Commands:\n")[1].split("\n\n")[0]
        return [line.split()[0] for line in listed.splitlines() if not line.strip().startswith("--")]

    def settings(self) -> list[str]:
        return re.findall(r"^([A-Z][A-Z0-9_]+)\b", self.output("--help"), re.MULTILINE)

    def test_what_an_installation_needs_is_there(self) -> None:
        wanted = [
            "bindir initialsdb",
            "confdir initialsdb.conf",
            "systemdsystemunitdir initialsdb.service",
            "systemdsystemunitdir initialsdb@.socket",
            "systemdsystemunitdir initialsdb-migrate.service",
            "systemdsystemunitdir initialsdb-backup.timer",
            "sysusersdir initialsdb.conf",
            "tmpfilesdir initialsdb.conf",
            "datadir bash-completion/completions/initialsdb",
            "datadir zsh/site-functions/_initialsdb",
            "pkgdatadir caddy/Caddyfile-2.6",
            "pkgdatadir static/index.html",
            "mandir man5/initialsdb.conf.5",
            "mandir man7/initialsdb-moderation.7",
            "mandir man8/initialsdb.8",
        ]
        paths = [self.at[place] / name for place, name in (line.split() for line in wanted)]
        self.assertEqual([], [str(path) for path in paths if not path.is_file()])

    def test_the_drawing_of_the_readme_shows_every_file_and_nothing_else(self) -> None:
        roots = {"/usr/lib/systemd/system/": "systemdsystemunitdir", "/usr/lib/sysusers.d/": "sysusersdir", "/usr/lib/tmpfiles.d/": "tmpfilesdir",
                 "/usr/bin/": "bindir", "/etc/initialsdb/": "confdir", "/usr/share/initialsdb/": "pkgdatadir", "/usr/share/man/": "mandir", "/usr/share/": "datadir"}
        shown: set[Path] = set()
        for place, names, _ in pictures.INSTALLED:
            root = next(root for root in roots if place.startswith(root))
            for name in names.split():
                found = {path for path in (self.at[roots[root]] / place[len(root):]).glob(name) if path.is_file()}
                self.assertTrue(found, place + name)
                shown |= found
        compressed = {path for path in self.root.rglob("*") if path.suffix in (".gz", ".br", ".zst")}
        self.assertEqual({self.root / name for name in files(self.root)} - compressed, shown - compressed)

    def test_the_page_is_whole_and_compressed(self) -> None:
        static = self.at["pkgdatadir"] / "static"
        sent = {path.name for path in static.iterdir() if path.suffix not in (".gz", ".br", ".zst")}
        self.assertEqual({"index.html", "openapi.json", "page", "robots.txt"}, sent)
        parts = re.findall(r'"/(page/[^"]+)"', (static / "index.html").read_text())
        self.assertEqual(["css", "js", "js", "svg"], sorted(part.rsplit(".")[-1] for part in parts))
        for path in [*static.iterdir(), *(static / part for part in parts)]:
            if path.suffix in (".html", ".js", ".css", ".json"):
                self.assertEqual(path.read_bytes(), gzip.decompress(Path(f"{path}.gz").read_bytes()), path.name)

    def test_files_name_the_places_of_the_installation(self) -> None:
        for name in files(self.root):
            content = (self.root / name).read_bytes()
            self.assertIsNone(re.search(rb"@[a-z]+dir@|@board@|@at@|@hardening@|\$\{prefix\}", content), name)
        prefix = len(str(self.root))
        service = (self.at["systemdsystemunitdir"] / "initialsdb.service").read_text()
        self.assertIn(f"ExecStart={str(self.program)[prefix:]} serve\n", service)
        board = (self.at["pkgdatadir"] / "caddy/board.caddy").read_text()
        self.assertIn(f"{str(self.at['pkgdatadir'])[prefix:]}/static", board)

    def test_help_of_every_command_has_an_example(self) -> None:
        for name in self.commands():
            self.assertRegex(self.output(name, "--help"), r"(?s)^Usage: initialsdb .*\n\nExample: .*\n  \S")

    def test_manual_and_completions_name_every_command(self) -> None:
        manual = (self.at["mandir"] / "man8/initialsdb.8").read_text().replace("\\-", "-")
        bash = (self.at["datadir"] / "bash-completion/completions/initialsdb").read_text()
        zsh = (self.at["datadir"] / "zsh/site-functions/_initialsdb").read_text()
        self.assertGreater(len(self.commands()), 6)
        for name in self.commands():
            self.assertRegex(manual, rf"(?m)^\.B {name}( |$)")
            self.assertRegex(bash, rf"(?m)^    {name}\) ")
            self.assertIn(f"    '{name}:", zsh)

    def test_sample_and_manual_name_every_setting_and_no_other(self) -> None:
        sample = self.sample.read_text()
        manual = (self.at["mandir"] / "man5/initialsdb.conf.5").read_text().split(".SH SETTINGS\n")[1]
        manual = manual.split(".SH ")[0].replace("\\-", "-")
        settings = self.settings()
        self.assertGreater(len(settings), 30)
        self.assertEqual([name for name in settings if name != "CONFIG_FILE"], re.findall(r"(?m)^#([A-Z0-9_]+)=", sample))
        self.assertEqual(settings, re.findall(r"(?m)^\.B ([A-Z0-9_]+)$", manual))

    def test_sample_holds_the_defaults(self) -> None:
        sample = Path(self.scratch.name) / "all.conf"
        lines = self.sample.read_text().splitlines()
        given = [line[1:] for line in lines if re.match(r"#[A-Z0-9_]+=.", line)]
        sample.write_text("\n".join(given) + "\n")
        secrets = {"POW_SECRET_KEY": "A" * 43 + "=", "SERVER_SALT": "B" * 42 + "A="}
        shown = {}
        for file in ("/dev/null", str(sample)):
            env = {"PATH": os.environ["PATH"], "CONFIG_FILE": file} | secrets
            done = subprocess.run([self.program, "check-config"], env=env, capture_output=True, text=True, check=False)
            self.assertEqual(0, done.returncode, done.stderr)
            shown[file] = [line for line in done.stdout.splitlines() if not line.startswith(("CONFIG_FILE", "BACKUP_DIR"))]
        self.assertEqual(*shown.values())

    def test_bash_completes_commands(self) -> None:
        script = 'COMP_WORDS=(initialsdb setup-s) COMP_CWORD=1; . "$1"; _initialsdb; echo "${COMPREPLY[*]}"'
        file = str(self.at["datadir"] / "bash-completion/completions/initialsdb")
        done = subprocess.run(["bash", "-c", script, "bash", file], capture_output=True, text=True, check=True)
        self.assertEqual("setup-secrets", done.stdout.strip())

    def test_zsh_completes_commands_and_options(self) -> None:
        told = "_describe() { print -l ${(P)2} }; compadd() { shift; print -l -- $@ }; _files() { print FILES }; "
        file = str(self.at["datadir"] / "zsh/site-functions/_initialsdb")
        for words, wanted in (("", "hide:take messages off the board"), ("hide", "--dry-run"), ("import", "FILES")):
            script = told + 'words=(initialsdb ${=2}) CURRENT=$(( $#words + 1 )); completion() { . "$1" }; completion "$1"'
            done = subprocess.run(["zsh", "-f", "-c", script, "zsh", file, words], capture_output=True, text=True, check=True)
            self.assertIn(wanted, done.stdout.splitlines(), done.stderr)

    def test_second_install_keeps_the_configuration_and_uninstall_leaves_nothing(self) -> None:
        root = Path(self.scratch.name) / "second"
        config = places(root)["confdir"] / "initialsdb.conf"
        make("install", f"DESTDIR={root}")
        config.write_text("WORKERS=3\n")
        make("install", f"DESTDIR={root}")
        self.assertEqual("WORKERS=3\n", config.read_text())
        make("uninstall", f"DESTDIR={root}")
        self.assertEqual({str(config.relative_to(root))}, files(root))
        config.unlink()
        make("install", f"DESTDIR={root}")
        make("uninstall", f"DESTDIR={root}")
        self.assertEqual(set(), files(root))
        self.assertEqual([], [str(path) for path in root.rglob("initialsdb")])


if __name__ == "__main__":
    testing.require("make", "gzip", "bash", "zsh")
    testing.main()
