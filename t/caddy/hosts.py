# SPDX-License-Identifier: MIT
"""Two hosts behind a front, each a network of its own with Caddy and pool: one dies, and nobody notices.

The front speaks HTTP to the hosts; FastCGI stays on their Unix sockets. Postgres is reached by its socket, which no
network is needed for: what happens when it is far away is told by t/daemon/dead_network.py and failover.py.
"""
# Runs alone: what it asserts is how long answers take.

import itertools
import shlex
import socket
import sys
import unittest
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Callable

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

import inside
import namespaces
import testing
from caddy import PROGRAM, Caddy, buffers
from careful import CarefulPosters
from namespaces import Neighbour
from pool import PATIENT, Pool, inherited
from process import Process, run
from scratch import Scratch
from stack import Cluster
from stream import Stream
from testing import initialsdb, wait_until
from visitor import Visitor

CONFIGS = testing.SOURCE / "caddy"
FRONT = """{{
	admin off
	auto_https off
	grace_period 1s
}}
http://:{{$PORT}} {{
	bind 127.0.0.1
	import "{configs}/front.caddy"
}}
"""
PORT = "8080"
COUNT, SEARCH = "/api/listings/count", "/api/listings/search"
SETTINGS = PATIENT | {
    "WORKERS": "3",
    "POW_DIFFICULTY": "1",
    "POW_ROUNDS": "2",
    "POW_ADAPTIVE": "false",
    "LOG_ADDRESSES": "true",
    "TRUSTED_PROXIES": "10.99.0.0/16",
    "POST_RATE_MAX_REQUESTS": "100000",
    "READ_RATE_MAX_REQUESTS": "40",
    "READ_RATE_WINDOW_MS": "36000000",
}
# What one host may keep a request for, by front.caddy, before another is asked; and what a busy machine adds.
SILENT_SECS, GRACE_SECS = 6, 4


class Host:
    """Caddy and pool in a network of their own."""

    def __init__(self, number: int, cluster: Cluster, directory: Path) -> None:
        self.name, self.directory = f"host{number}", directory
        self.network = Neighbour(number, directory / f"network{number}.log")
        self.network.start()
        binary = directory / self.name
        binary.write_text(f'#!/bin/sh\nexec {shlex.join(self.network.inside)} {initialsdb()} "$@"\n')
        binary.chmod(0o755)
        self.pool = Pool(binary, cluster, SETTINGS, self.name)
        argv = [*self.network.inside, PROGRAM, "run", "--adapter", "caddyfile", "--config", str(CONFIGS / "Caddyfile-host")]
        self.caddy = Process(f"caddy of {self.name}", argv, directory / "log" / f"caddy{number}.log")

    @property
    def address(self) -> str:
        return f"{self.network.there}:{PORT}"

    def start(self) -> None:
        self.pool.start()
        home = self.directory / f"home of {self.name}"
        self.caddy.start(
            inherited()
            | {
                "HOME": str(home),
                "XDG_DATA_HOME": str(home),
                "XDG_CONFIG_HOME": str(home),
                "INITIALSDB_BIND": self.network.there,
                "INITIALSDB_PORT": PORT,
                "INITIALSDB_SOCKET": str(self.pool.socket),
                "INITIALSDB_STATIC": str(testing.SOURCE / "static"),
                "INITIALSDB_BUFFERS": buffers(),
                "INITIALSDB_CADDY_ADMIN": f"unix/{self.pool.cluster.run_dir}/{self.name}.admin",
            }
        )
        self.caddy.wait_for(self.answers, "answers")

    def answers(self) -> bool:
        try:
            socket.create_connection((self.network.there, int(PORT)), timeout=5).close()
        except ConnectionRefusedError:
            return False
        return True

    def kill(self) -> None:
        """As a crash of the machine would, but for the network."""
        self.caddy.kill()
        self.pool.process.kill()

    def served(self) -> int:
        """Requests but for the front's own."""
        return sum(line["route"] != "/api/healthz" for line in inside.events(self.pool, "request"))

    def stop(self) -> None:
        self.caddy.stop()
        self.pool.stop()
        self.network.stop()


class Hosts(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls) -> None:
        directory = Scratch()
        cls.addClassCleanup(directory.remove)
        cls.cluster = Cluster(directory.path, durable=False)
        cls.cluster.start()
        cls.addClassCleanup(cls.cluster.stop)
        cls.hosts = []
        for number in (1, 2):
            host = Host(number, cls.cluster, directory.path)
            cls.addClassCleanup(host.stop)
            cls.hosts.append(host)
        cls.hosts[0].pool.prepare()
        cls.hosts[1].pool.secrets = cls.hosts[0].pool.secrets
        for host in cls.hosts:
            host.start()
        config = directory.path / "Caddyfile"
        config.write_text(FRONT.format(configs=CONFIGS))
        names = " ".join(host.address for host in cls.hosts)
        cls.front = Caddy(cls.hosts[0].pool, config=config, env={"INITIALSDB_HOSTS": names})
        cls.addClassCleanup(cls.front.stop)
        cls.front.start()
        cls.networks = (f"127.{i}.{j}.1" for i, j in itertools.product(range(1, 255), range(255)))

    def newcomer(self, _: int = 0) -> Visitor:
        return Visitor(self.front.port, next(self.networks))

    def sql(self, statement: str) -> str:
        return self.cluster.psql(statement)

    def both_serve(self) -> None:
        served = [host.served() for host in self.hosts]

        def more() -> bool:
            self.newcomer().get(COUNT)
            return all(host.served() > before for host, before in zip(self.hosts, served))

        wait_until(more, "both hosts to serve")

    def under_load(self, damage: Callable[[], None]) -> Stream:
        """Reads and posts go on while the damage is done and for a while after; returns the reads."""
        read = lambda number: self.newcomer().get((COUNT, SEARCH, "/")[number % 3]).status
        self.sql("truncate board.message, board.message_change, board.spent; update board.message_total set total = 0")
        poster = lambda number: Visitor(self.front.port, f"127.254.{number // 250}.{number % 250 + 1}")
        with CarefulPosters(poster) as posters, Stream(read) as reads:
            wait_until(lambda: len(posters.acknowledged) > 10, "posts")
            damage()
            seen, posted = reads.count, len(posters.acknowledged)
            wait_until(lambda: reads.count > seen + 150 and len(posters.acknowledged) > posted + 20, "traffic after it")
        print(f"# reads {dict(reads.outcomes)}, slowest {reads.slowest:.2f} s; posts {dict(posters.outcomes)}")
        rows = self.sql("select body, count(*), min(id) from board.message group by body").splitlines()
        stored = {row.split("|")[0]: row.split("|")[1:] for row in rows}
        self.assertEqual({text: ["1", str(number)] for text, number in posters.acknowledged.items()}, stored)
        return reads

    def test_killed_host_costs_no_read_and_no_post(self) -> None:
        reads = self.under_load(self.hosts[1].kill)
        self.assertEqual({200}, set(reads.outcomes))
        self.hosts[1].start()
        self.both_serve()

    def test_host_that_falls_silent_costs_no_read_and_no_post(self) -> None:
        reads = self.under_load(self.hosts[1].network.cut)
        self.hosts[1].network.mend()
        self.assertEqual({200}, set(reads.outcomes))
        self.assertLess(reads.slowest, SILENT_SECS + GRACE_SECS)
        self.both_serve()

    def test_host_without_its_pool_costs_no_read_and_no_post(self) -> None:
        reads = self.under_load(self.hosts[1].pool.process.kill)
        self.assertEqual({200}, set(reads.outcomes))
        self.hosts[1].pool.start()
        self.both_serve()

    def test_both_hosts_share_one_budget_and_clients_are_who_they_are(self) -> None:
        visitor = self.newcomer()
        forged = (f"198.51.100.{n}" for n in itertools.count())
        served = [len(inside.events(host.pool, "request")) for host in self.hosts]

        def read(_: int) -> int:
            return visitor.get(COUNT, {"X-Forwarded-For": next(forged), "X_Forwarded_For": "203.0.113.1"}).status

        self.assertEqual(Counter({200: 40, 429: 40}), Counter(self.at_once(read)))
        for host, before in zip(self.hosts, served):
            clients = lambda host=host, before=before: {
                line["client"] for line in inside.events(host.pool, "request")[before:] if line["route"] == COUNT
            }
            self.assertEqual({visitor.address}, wait_until(clients, "the lines"))

    def test_budget_is_kept_while_a_host_dies(self) -> None:
        visitor = self.newcomer()
        self.sql("truncate board.rate_limit")

        def read(number: int) -> int:
            if number == 10:
                self.hosts[1].kill()
            return visitor.get(COUNT).status

        statuses = Counter(self.at_once(read))
        self.hosts[1].start()
        self.both_serve()
        print(f"# {dict(statuses)}")
        self.assertEqual({200, 429}, set(statuses))
        self.assertLessEqual(statuses[200], 40)
        # Who was answered by the dead and asked again was charged twice: at most those under way there.
        self.assertGreaterEqual(statuses[200], 40 - 2 * int(SETTINGS["WORKERS"]))

    def at_once(self, action: Callable[[int], int]) -> list[int]:
        with ThreadPoolExecutor(8) as threads:
            return list(threads.map(action, range(80)))

    def test_clients_that_break_off_do_not_make_a_host_look_dead(self) -> None:
        heads = (b"POST /api/listings/create", b"GET /api/listings/count")
        lengths = (b"Transfer-Encoding: chunked\r\n\r\n20000\r\n", b"Content-Length: 99999\r\n\r\n")
        with Stream(lambda _: self.newcomer().get(COUNT).status) as reads:
            for head, length in itertools.product(heads, lengths):
                for _ in range(4):
                    with self.newcomer().connect() as connection:
                        connection.sendall(head + b" HTTP/1.1\r\nHost: x\r\n" + length + b"x" * 70_000)
            seen = reads.count
            wait_until(lambda: reads.count > seen + 100, "reads")
        self.assertEqual({200}, set(reads.outcomes))
        self.assertLess(reads.slowest, SILENT_SECS)


if __name__ == "__main__":
    testing.require(PROGRAM, "psql", "setpriv")
    namespaces.enter()
    run(["ip", "link", "set", "lo", "up"])
    testing.main()
