# SPDX-License-Identifier: MIT
"""A streaming standby of a cluster."""

from pathlib import Path

from cluster import Cluster
from process import run
from testing import wait_until


def standby_of(primary: Cluster, directory: Path, **settings: str) -> Cluster:
    """A running copy that follows `primary`; the caller stops it."""
    copy = Cluster(directory, durable=False, **settings)
    copy.runner.own(copy.data)
    argv = [str(primary.programs / "pg_basebackup"), "-R", "-c", "fast", "-X", "stream"]
    argv += ["-D", str(copy.data), "-d", primary.url()]
    run(argv, become=copy.runner.setpriv(copy.data))
    copy.start()
    following = "select count(*) = 1 from pg_stat_replication where state = 'streaming'"
    wait_until(lambda: primary.psql(following, "postgres") == "t", "the standby to follow")
    return copy


def wait_for_replay(primary: Cluster, standby: Cluster) -> None:
    """Until the standby shows everything that the primary has acknowledged by now."""
    there = primary.psql("select pg_current_wal_flush_lsn()", "postgres")
    reached = f"select pg_last_wal_replay_lsn() >= '{there}'"
    wait_until(lambda: standby.psql(reached, "postgres") == "t", "the standby to have replayed it")


def make_synchronous(primary: Cluster) -> None:
    """From now on a commit is acknowledged when the standby has it."""
    primary.psql("alter system set synchronous_standby_names = '*'", "postgres")
    primary.psql("select pg_reload_conf()", "postgres")
    synchronous = "select count(*) = 1 from pg_stat_replication where sync_state = 'sync'"
    wait_until(lambda: primary.psql(synchronous, "postgres") == "t", "a synchronous standby")
