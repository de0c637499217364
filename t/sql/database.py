# SPDX-License-Identifier: MIT
"""A board's database without the program: schema, calls, and sessions that act at the same moment."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Iterable, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from stack import Cluster, Scratch
from testing import SOURCE, wait_until

__all__ = ["Answer", "Cluster", "Database", "Failed", "Session", "Tier", "answer", "call", "post", "Scratch"]

SQL = SOURCE / "sql"
OWNER, APP = "board_owner", "board_app"
GATE = 4711  # the advisory lock that holds sessions back until all of them are there
END = "--end of answer--"
FOREVER_MS = 4102444800000


class Failed(Exception):
    """Postgres raised an error."""


class Answer(NamedTuple):
    """What an api function returns."""

    status: int
    code: str | None
    body: str | None
    retry_after_ms: int
    quota_remaining: int | None
    quota_reset_ms: int | None
    next_id: int | None
    clock_ms: int

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Tier(NamedTuple):
    """One network with its GCRA parameters."""

    network: bytes
    emission_us: int
    burst: int


def literal(value: Any) -> str:
    """A Python value as SQL; lists become arrays of what they hold."""
    if value is None:
        return "null"
    if isinstance(value, bytes):
        return f"'\\x{value.hex()}'::bytea"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, (list, tuple)):
        return f"array[{', '.join(map(literal, value))}]"
    return str(value)


def tiers(*charged: Tier) -> str:
    """The first three arguments of every function that is charged."""
    networks, emissions, bursts = zip(*charged) if charged else ((), (), ())
    return (
        f"{literal(networks)}::bytea[], {literal(emissions)}::bigint[], {literal(bursts)}::integer[]"
    )


def call(function: str, *arguments: Any, charged: Iterable[Tier] | None = ()) -> str:
    """The statement that calls an api function; `charged` None for one that takes no networks."""
    head = [tiers(*charged)] if charged is not None else []
    listed = ", ".join(head + [literal(argument) for argument in arguments])
    return f"select row_to_json(a) from api.{function}({listed}) as a"


def post(text: str, token: bytes | None = None, charged: Iterable[Tier] = (), digest: str = "",
         expires_ms: int = FOREVER_MS) -> str:
    """The statement that posts; a token or a text of its own is digested here."""
    arguments = [
        tiers(*charged),
        f"sha256({literal(token)})" if token else "null",
        str(expires_ms),
        f"sha256({literal((digest or text).encode())})",
        literal(text),
    ]
    return f"select row_to_json(a) from api.create_listing({', '.join(arguments)}) as a"


def answer(line: str) -> Answer:
    return Answer(**json.loads(line))


class Session:
    """A psql that stays connected. send() does not wait; receive() waits for one sent statement."""

    def __init__(self, url: str) -> None:
        argv = ["psql", "-XqAt", "-v", "VERBOSITY=verbose", url]
        self.process = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, encoding="utf-8",
        )

    def send(self, sql: str) -> None:
        self.process.stdin.write(f"{sql};\n\\echo {END}\n")
        self.process.stdin.flush()

    def receive(self) -> str:
        lines: list[str] = []
        for line in self.process.stdout:
            if line.rstrip("\n") == END:
                break
            lines.append(line)
        text = "".join(lines).rstrip("\n")
        if re.search(r"^ERROR:|^FATAL:|psql: error", text, re.MULTILINE):
            raise Failed(text)
        return text

    def run(self, sql: str) -> str:
        self.send(sql)
        return self.receive()

    def call(self, sql: str) -> Answer:
        return answer(self.run(sql))

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


class Database:
    """The board's database in a cluster that runs, made by the very files the program embeds."""

    def __init__(self, cluster: Cluster, name: str = "initialsdb") -> None:
        self.cluster, self.name = cluster, name
        self.sessions: list[Session] = []

    def session(self, user: str = APP) -> Session:
        session = Session(self.cluster.url(self.name, user))
        self.sessions.append(session)
        return session

    def close(self) -> None:
        while self.sessions:
            self.sessions.pop().close()

    def sql(self, statement: str) -> str:
        """As superuser, outside every right."""
        return self.cluster.psql(statement, self.name)

    def script(self, *scripts: str, user: str = OWNER, database: str | None = None) -> None:
        url = self.cluster.url(database or self.name, user)
        argv = ["psql", "-Xq1", "-v", "ON_ERROR_STOP=1", url]
        done = subprocess.run(argv, input="\n".join(scripts), capture_output=True, text=True, check=False)
        if done.returncode:
            raise Failed(done.stderr)

    def install(self) -> None:
        """What setup-database and migrate do, statement by statement."""
        roles = f"set initialsdb.owner_role = '{OWNER}'; set initialsdb.app_role = '{APP}';"
        self.script(roles, cli("setup_roles"), user="postgres", database="postgres")
        make = f"prepare make as {cli('setup_create_database')} execute make('{self.name}', '{OWNER}')"
        statement = self.cluster.psql(make, "postgres")
        if statement:
            self.cluster.psql(statement, "postgres")
        self.script(roles, cli("setup_rights"), user="postgres")
        self.migrate()
        self.script(roles, cli("grant_app_role"))

    def migrate(self) -> None:
        self.script(cli("bookkeeping"))
        done = self.sql("select max(number) from board.migration") or "0"
        for file in sorted((SQL / "migrations").glob("*.sql")):
            number = int(file.name[:4])
            if number > int(done):
                record = f"insert into board.migration values ({number}, '{file.stem}', '')"
                self.script(file.read_text(), record)
        replace = [file.read_text() for file in sorted((SQL / "api").glob("*.sql"))]
        number = self.sql("select max(number) from board.migration")
        version = f"prepare version as {cli('set_schema_version')} execute version({number}, 'test')"
        self.script(*replace, version)

    def race(self, sessions: list[Session], statements: list[str]) -> list[str]:
        """One statement a session, all let go at once, when every session waits at the gate."""
        with_gate = [f"do $$ begin perform pg_advisory_lock_shared({GATE}); end $$; {s}" for s in statements]
        holder = Session(self.cluster.url(self.name))
        try:
            holder.run(f"do $$ begin perform pg_advisory_lock({GATE}); end $$")
            for session, statement in zip(sessions, with_gate, strict=True):
                session.send(f"{statement}; do $$ begin perform pg_advisory_unlock_shared({GATE}); end $$")
            waiting = f"select count(*) from pg_locks where locktype = 'advisory' and objid = {GATE} and not granted"
            wait_until(lambda: holder.run(waiting) == str(len(sessions)), "all sessions at the gate")
        finally:
            holder.close()
        return [session.receive() for session in sessions]


def cli(name: str) -> str:
    return (SQL / "cli" / f"{name}.sql").read_text()
