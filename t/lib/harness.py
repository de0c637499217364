# SPDX-License-Identifier: MIT
"""The harness holds what it promises: nothing outlives a test, data survives, locks refuse."""

import os
import signal
import socket
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import process
import testing
from caddy import LOOPBACK, ReservedPort, has_ipv6
from cluster import Cluster
from stack import Scratch

CHILD = """
import sys, time
sys.path.insert(0, sys.argv[1])
from cluster import Cluster
with Cluster(sys.argv[2], durable=False) as cluster:
    print(cluster.process.pid, cluster.run_dir, flush=True)
    time.sleep(600)
"""


def running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


class Harness(unittest.TestCase):
    def setUp(self) -> None:
        self.scratch = Scratch()
        self.addCleanup(self.scratch.remove)
        self.state = self.scratch.path / "state"

    def cluster(self, state: Path | None = None) -> Cluster:
        cluster = Cluster(state or self.state, durable=False)
        cluster.start()
        self.addCleanup(cluster.stop)
        return cluster

    def child(self) -> tuple[subprocess.Popen[str], int, Path]:
        """Another Python with a cluster on our state: the process, its postmaster, its run_dir."""
        argv = [sys.executable, "-c", CHILD, str(Path(__file__).parent), str(self.state)]
        child = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.addCleanup(child.stdout.close)
        self.addCleanup(child.wait)
        self.addCleanup(child.kill)
        pid, run_dir = child.stdout.readline().split()
        return child, int(pid), Path(run_dir)

    def test_data_survives_a_stop(self) -> None:
        with Cluster(self.state, durable=False) as cluster:
            cluster.psql("create table t as select 42 as n", "postgres")
        self.assertEqual(self.cluster().psql("select n from t", "postgres"), "42")

    def test_data_survives_a_crash(self) -> None:
        cluster = self.cluster()
        cluster.psql("create table t as select 42 as n", "postgres")
        cluster.crash()
        cluster.start_again()
        self.assertEqual(cluster.psql("select n from t", "postgres"), "42")

    def test_state_may_be_long_and_have_spaces_and_be_closed_to_others(self) -> None:
        state = self.scratch.path / "closed" / ("a long name " * 12)
        state.mkdir(parents=True)
        (self.scratch.path / "closed").chmod(0o700)
        self.assertEqual(self.cluster(state).psql("select 1", "postgres"), "1")

    def test_postgres_listens_on_no_tcp_port(self) -> None:
        self.assertEqual(self.cluster().psql("show listen_addresses", "postgres"), "")

    def test_second_run_on_one_state_is_refused(self) -> None:
        self.cluster()
        with self.assertRaisesRegex(process.Died, "in use by another run"):
            Cluster(self.state).start()

    def test_foreign_process_in_postmaster_pid_is_no_obstacle(self) -> None:
        with Cluster(self.state, durable=False) as cluster:
            file = cluster.data / "postmaster.pid"
            lines = file.read_text().splitlines()
        file.write_text("\n".join([str(os.getpid()), *lines[1:7]]) + "\n")
        self.assertEqual(self.cluster().psql("select 1", "postgres"), "1")

    def test_killed_parent_takes_postgres_along(self) -> None:
        child, postmaster, run_dir = self.child()
        child.kill()
        testing.wait_until(lambda: not running(postmaster), "the postmaster to end")
        self.assertTrue(run_dir.exists(), "nobody was left to remove it")
        self.assertEqual(self.cluster().psql("select 1", "postgres"), "1")
        self.assertFalse(run_dir.exists(), "the next start removes it")

    def test_interrupted_parent_leaves_nothing(self) -> None:
        child, postmaster, run_dir = self.child()
        child.send_signal(signal.SIGINT)
        child.wait(60)
        self.assertFalse(running(postmaster))
        self.assertFalse(run_dir.exists())

    def test_reserved_port_is_not_given_twice(self) -> None:
        with ReservedPort() as reserved:
            with self.assertRaises(OSError):
                ReservedPort(reserved.number)
            with socket.socket() as other, self.assertRaises(OSError):
                other.bind((LOOPBACK, reserved.number))
            if has_ipv6():
                with socket.socket(socket.AF_INET6) as other, self.assertRaises(OSError):
                    other.bind(("::1", reserved.number))


if __name__ == "__main__":
    testing.require("setpriv", "psql")
    testing.main()
