# SPDX-License-Identifier: MIT
"""Networks of the test's own: one for the test itself, and neighbours on cables that can be cut."""

import os
import subprocess
import sys
import unittest
from pathlib import Path

import testing
from process import Process, run

# A wrong neighbour: packets leave, and nobody takes them.
NOWHERE = "02:00:00:00:00:99"


def apart(kind: str) -> list[str]:
    """What a command begins with to have a "net" or "mount" of its own; SkipTest where that cannot be had."""
    unshare = ["unshare", f"--{kind}"]
    if os.geteuid() != 0:  # who commands these only as the first user of a user namespace
        unshare += ["--user", "--map-current-user", "--keep-caps"]
    probe = ["mount", "-t", "tmpfs", "tmpfs", "/tmp"] if kind == "mount" else ["true"]
    if subprocess.run([*unshare, *probe], capture_output=True, check=False).returncode:
        raise unittest.SkipTest(f"this kernel or container gives no namespaces ({kind})")
    return unshare


def enter() -> None:
    """Starts this script again in a network of its own, so that nothing we do reaches the machine's."""
    testing.require("unshare", "nsenter", "ip")
    if os.environ.get("IN_NAMESPACE"):
        return
    try:
        unshare = apart("net")
    except unittest.SkipTest as reason:
        testing.cannot_run(str(reason))
    os.environ["IN_NAMESPACE"] = "1"
    os.execvp("unshare", [*unshare, sys.executable, *sys.argv])


class Neighbour:
    """Another network, and a cable between it and ours: 10.99.`number`.1 here, 10.99.`number`.2 there."""

    def __init__(self, number: int, log: Path) -> None:
        self.here, self.there = f"10.99.{number}.1", f"10.99.{number}.2"
        self.near, self.far = f"here{number}", f"there{number}"
        self.process = Process(f"namespace {number}", ["unshare", "--net", "sleep", "infinity"], log)

    def start(self) -> None:
        self.process.start()
        ours = os.stat("/proc/self/ns/net").st_ino
        testing.wait_until(lambda: os.stat(f"/proc/{self.process.pid}/ns/net").st_ino != ours, "the namespace")
        run(["ip", "link", "set", "lo", "up"])
        far_end = ["peer", "name", self.far, "netns", str(self.process.pid)]
        run(["ip", "link", "add", self.near, "type", "veth", *far_end])
        run(["ip", "address", "add", f"{self.here}/24", "dev", self.near])
        run(["ip", "link", "set", self.near, "up"])
        self.run("ip", "link", "set", "lo", "up")
        self.run("ip", "address", "add", f"{self.there}/24", "dev", self.far)
        self.run("ip", "link", "set", self.far, "up")

    def stop(self) -> None:
        self.process.stop()

    @property
    def inside(self) -> list[str]:
        """What to put before a command that shall run there."""
        return ["nsenter", f"--net=/proc/{self.process.pid}/ns/net"]

    def run(self, *argv: str) -> None:
        run([*self.inside, *argv])

    def hide(self, address: str) -> None:
        """From now on packets from there to `address` are lost."""
        self.run("ip", "neighbour", "replace", address, "lladdr", NOWHERE, "dev", self.far, "nud", "permanent")

    def cut(self) -> None:
        """From now on every packet is lost, and nobody is told."""
        self.hide(self.here)
        run(["ip", "neighbour", "replace", self.there, "lladdr", NOWHERE, "dev", self.near, "nud", "permanent"])

    def mend(self) -> None:
        self.run("ip", "neighbour", "delete", self.here, "dev", self.far)
        run(["ip", "neighbour", "delete", self.there, "dev", self.near])
