# SPDX-License-Identifier: MIT
"""Three nodes of Postgres under Patroni with etcd; the primary's node is killed under load.

`make check-cluster`; needs patroni and etcd (Debian: patroni, etcd-server). The short form, where the test
itself promotes, is t/daemon/failover.py.
"""

import http.client
import itertools
import json
import os
import shutil
import signal
import sys
import time
import unittest
from pathlib import Path

for room in ("lib", "daemon"):
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / room))

import prometheus
import testing
from careful import CarefulPosters
from case import EASY
from cluster import server_programs
from pool import Pool
from poster import Poster
from process import Process, Unprivileged, run
from scratch import Scratch
from stream import Stream
from testing import free_port, initialsdb, wait_until

NODES, TTL_SECS = 3, 20
COUNT, SEARCH = "/api/listings/count", "/api/listings/search"


class Node:
    """One machine, so to speak: an etcd, a Patroni and the Postgres that it runs."""

    def __init__(self, number: int, directory: Path, runner: Unprivileged) -> None:
        self.name, self.directory, self.runner = f"node{number}", directory / f"node{number}", runner
        self.port, self.rest, self.etcd_client, self.etcd_peer = (free_port("127.0.0.1") for _ in range(4))

    def start_etcd(self, nodes: list["Node"]) -> None:
        self.runner.own(self.directory)
        self.become = self.runner.setpriv(self.directory)
        members = ",".join(f"{node.name}=http://127.0.0.1:{node.etcd_peer}" for node in nodes)
        client, peer = f"http://127.0.0.1:{self.etcd_client}", f"http://127.0.0.1:{self.etcd_peer}"
        argv = ["etcd", "--name", self.name, "--data-dir", str(self.directory / "etcd"), "--initial-cluster", members]
        argv += ["--listen-client-urls", client, "--advertise-client-urls", client, "--enable-v2=true"]
        argv += ["--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer]
        argv += ["--heartbeat-interval", "300", "--election-timeout", "3000", "--unsafe-no-fsync"]
        self.etcd = Process(f"{self.name}-etcd", argv, self.directory.parent / "log" / f"{self.name}-etcd.log")
        self.etcd.start(become=self.become)

    def settings(self, nodes: list["Node"]) -> dict[str, object]:
        """JSON is YAML."""
        return {
            "scope": "board",
            "name": self.name,
            "restapi": {"listen": f"127.0.0.1:{self.rest}", "connect_address": f"127.0.0.1:{self.rest}"},
            "etcd3": {"hosts": [f"127.0.0.1:{node.etcd_client}" for node in nodes]},
            "bootstrap": {
                "dcs": {
                    "ttl": TTL_SECS, "loop_wait": 2, "retry_timeout": 4, "synchronous_mode": True,
                    "postgresql": {"parameters": {"max_connections": 100, "fsync": "off"}},
                },
                "initdb": [{"encoding": "UTF8"}, {"locale": "C.UTF-8"}, "no-sync"],
            },
            "postgresql": {
                "listen": f"127.0.0.1:{self.port}",
                "connect_address": f"127.0.0.1:{self.port}",
                "data_dir": str(self.directory / "postgres"),
                "bin_dir": str(server_programs()),
                "pgpass": str(self.directory / "pgpass"),
                "authentication": {"superuser": {"username": "postgres"}, "replication": {"username": "postgres"}},
                "parameters": {"unix_socket_directories": str(self.directory)},
                "pg_hba": ["local all all trust", "host all all 127.0.0.1/32 trust", "host replication all 127.0.0.1/32 trust"],
            },
        }  # fmt: skip

    def start_patroni(self, nodes: list["Node"]) -> None:
        file = self.directory / "patroni.yml"
        file.write_text(json.dumps(self.settings(nodes)))
        file.chmod(0o644)
        log = self.directory.parent / "log" / f"{self.name}-patroni.log"
        self.patroni = Process(f"{self.name}-patroni", ["patroni", str(file)], log)
        self.patroni.start(env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": str(self.directory)}, become=self.become)

    def is_(self, role: str) -> bool:
        """Asks Patroni: /primary, /replica or /synchronous answers 200 for the right one."""
        connection = http.client.HTTPConnection("127.0.0.1", self.rest, timeout=2)
        try:
            connection.request("GET", f"/{role}")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def postmaster(self) -> int:
        return int((self.directory / "postgres" / "postmaster.pid").read_text().split()[0])

    def kill(self) -> None:
        """As a power cut would: Postgres, Patroni and etcd at once."""
        postmaster = self.postmaster()
        for process in (self.patroni, self.etcd):
            os.kill(process.pid, signal.SIGKILL)
        os.kill(postmaster, signal.SIGKILL)
        self.stop()

    def stop(self) -> None:
        for process in (getattr(self, "patroni", None), getattr(self, "etcd", None)):
            if process:
                process.stop(timeout_secs=20)


class Ring:
    """What Pool wants to know of a cluster."""

    def __init__(self, directory: Path) -> None:
        self.state, self.run_dir = directory, directory
        runner = Unprivileged()
        self.nodes = [Node(number, directory, runner) for number in range(1, NODES + 1)]

    def url(self, database: str = "postgres", user: str = "postgres") -> str:
        hosts = ",".join("127.0.0.1" for _ in self.nodes)
        ports = ",".join(str(node.port) for node in self.nodes)
        return f"host={hosts} port={ports} dbname={database} user={user} target_session_attrs=read-write"

    def psql(self, sql: str) -> str:
        return run(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", self.url("initialsdb"), "-c", sql]).rstrip("\n")

    def start(self) -> None:
        for node in self.nodes:
            node.start_etcd(self.nodes)
        for node in self.nodes:
            node.start_patroni(self.nodes)
        wait_until(self.primary, "a primary", 120)
        wait_until(lambda: sum(node.is_("replica") for node in self.nodes) == 2, "two replicas", 120)
        wait_until(lambda: any(node.is_("synchronous") for node in self.nodes), "a synchronous one", 60)

    def stop(self) -> None:
        for node in self.nodes:
            node.stop()

    def primary(self) -> Node | None:
        return next((node for node in self.nodes if node.is_("primary")), None)


class PrimaryDies(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        directory = Scratch()
        cls.addClassCleanup(directory.remove)
        cls.ring = Ring(directory.path)
        cls.addClassCleanup(cls.ring.stop)
        cls.ring.start()
        cls.pool = Pool(initialsdb(), cls.ring, EASY | {"WORKERS": "4", "IP_RATE_ENABLE": "false"})
        # On the primary itself: a database that was just created is not on its standbys in the same moment.
        there = f"host=127.0.0.1 port={cls.ring.primary().port}"
        for name, user, database in (("ADMIN", "postgres", "postgres"), ("MIGRATE", "initialsdb_owner", "initialsdb")):
            cls.pool.extra[f"{name}_DATABASE_URL"] = f"{there} user={user} dbname={database}"
        cls.pool.prepare()
        cls.pool.start()
        cls.addClassCleanup(cls.pool.stop)

    def poster(self, number: int) -> Poster:
        address = f"10.7.{number // 250 % 250}.{number % 250 + 1}"

        def ask(method: str, path: str, body: bytes, headers: dict[str, str]) -> object:
            return self.pool.request(path, method, body=body, headers=headers, remote_addr=address)

        return Poster(ask)

    def test_reads_go_on_and_no_acknowledged_post_is_lost(self) -> None:
        posters = CarefulPosters(self.poster, patience_secs=120)
        reads = Stream(lambda n: self.pool.request((COUNT, SEARCH)[n % 2]).status, pause_secs=0.01)
        with posters, reads:
            wait_until(lambda: len(posters.acknowledged) > 50, "posts", 30)
            old = self.ring.primary()
            old.kill()
            dead = time.monotonic()
            survivors = [node for node in self.ring.nodes if node is not old]
            elected = wait_until(lambda: next((n for n in survivors if n.is_("primary")), None), "an election", 90)
            election = time.monotonic()
            wait_until(lambda: posters.accepted_since(election), "a post under the new primary", 20)
        # What was acknowledged in the moment of the kill was under way: the longest silence counts.
        silence, again = max((later - at, later) for at, later in itertools.pairwise(sorted(posters.moments)))
        late = again - election
        print(f"# election {election - dead:.1f} s ({elected.name}); {silence:.1f} s without posts, until {late:.2f} s after it")
        print(f"# reads {dict(reads.outcomes)}, slowest {reads.slowest:.2f} s; posts {dict(posters.outcomes)}")
        self.assertEqual({200}, set(reads.outcomes), "no read failed")
        self.assertLess(late, 1.5)
        self.assertLessEqual(set(posters.outcomes), {"acknowledged", "acknowledged later"})
        rows = self.ring.psql("select body, count(*), min(id) from board.message group by body").splitlines()
        stored = {row.split("|")[0]: row.split("|")[1:] for row in rows}
        self.assertEqual({text: ["1", str(i)] for text, i in posters.acknowledged.items()}, stored)
        samples = prometheus.read(self.pool.command("metrics"))[2]
        self.assertGreater(next(s.value for s in samples if s.name == "initialsdb_standby_reads_total"), 0)


if __name__ == "__main__":
    testing.require("setpriv", "psql")
    for program in ("patroni", "etcd"):
        if not shutil.which(program):
            testing.cannot_run(f"{program} is not installed (Debian: apt install patroni etcd-server)")
    testing.main()
