# SPDX-License-Identifier: MIT
"""A Debian machine in a directory: made by debootstrap, booted by systemd-nspawn, without a network of its own."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from testing import wait_until

PACKAGES = "systemd,systemd-sysv,dbus,ca-certificates,libnss-systemd,curl,xz-utils,locales"
BOOT_SECS = 120
DENY_STARTS = "#!/bin/sh\nexit 101\n"


class Failed(Exception):
    """A command in the machine did not do what it should."""


def bootstrap(cache: Path, suite: str) -> Path:
    """The tree of a fresh installation, made once and kept in `cache`."""
    base = cache / suite
    if not (base / "complete").exists():
        cache.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(base, ignore_errors=True)
        argv = ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", suite, str(base)]
        subprocess.run(argv, check=True)
        (base / "complete").touch()
    return base


def copy(base: Path, root: Path) -> Path:
    """Another machine like the one in `base`."""
    subprocess.run(["cp", "-a", "--reflink=auto", str(base), str(root)], check=True)
    return root


class Machine:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.container: subprocess.Popen[bytes] | None = None
        self.pid = 0

    def prepare(self, script: str) -> None:
        """Runs a command before the first boot, with this host's network and without starting services."""
        policy = self.root / "usr/sbin/policy-rc.d"
        policy.write_text(DENY_STARTS)
        policy.chmod(0o755)
        argv = ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "-D", str(self.root), "--pipe"]
        self._check(script, [*argv, "--setenv=DEBIAN_FRONTEND=noninteractive", "sh", "-c", script])
        policy.unlink()

    def boot(self) -> None:
        argv = ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--private-network", "--kill-signal=SIGRTMIN+3"]
        argv += ["-D", str(self.root), "-b", "--console=pipe"]
        with open(f"{self.root}.console", "ab") as console:
            self.container = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=console, stderr=console, start_new_session=True)
        self.pid = wait_until(self._init, "the machine's init", BOOT_SECS)
        wait_until(self._is_up, "the end of the boot", BOOT_SECS)

    def _init(self) -> int:
        """The machine's process 1: the child of systemd-nspawn that calls itself init or systemd."""
        if self.container.poll() is not None:
            raise Failed(f"systemd-nspawn ended with {self.container.returncode}; see {self.root}.console")
        for task in Path(f"/proc/{self.container.pid}/task").glob("*/children"):
            for child in task.read_text().split():
                name = Path(f"/proc/{child}/comm").read_text().strip()
                if name in ("systemd", "init") and os.readlink(f"/proc/{child}/exe").endswith("systemd"):
                    return int(child)
        return 0

    def _is_up(self) -> bool:
        state = self.inside("systemctl is-system-running", check=False).stdout.strip()
        return state in ("running", "degraded")

    def inside(self, script: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        argv = ["nsenter", "-t", str(self.pid), "-m", "-u", "-i", "-n", "-p", "-r", "-w", "--"]
        clean = ["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8"]
        argv += [*clean, "bash", "-c", script]
        if check:
            return self._check(script, argv)
        return subprocess.run(argv, capture_output=True, text=True, errors="replace", check=False, timeout=900)

    def beside(self, *argv: str) -> None:
        """Runs a program of this host in the machine's network."""
        self._check(" ".join(argv), ["nsenter", "-t", str(self.pid), "-n", "--", *argv])

    @staticmethod
    def _check(what: str, argv: list[str]) -> subprocess.CompletedProcess[str]:
        print(f"# {what}", flush=True)
        done = subprocess.run(argv, capture_output=True, text=True, errors="replace", check=False, timeout=1800)
        if done.returncode:
            raise Failed(f"{what}\nended with {done.returncode}:\n{done.stdout[-4000:]}{done.stderr[-4000:]}")
        return done

    def halt(self) -> None:
        """An orderly end, as before a reboot."""
        if self.container is None:
            return
        self.container.send_signal(signal.SIGTERM)
        try:
            self.container.wait(60)
        except subprocess.TimeoutExpired:
            self.container.kill()
            self.container.wait()
        self.container = None
