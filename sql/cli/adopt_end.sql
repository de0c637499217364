-- SPDX-License-Identifier: MIT
-- migrate, last: puts the old tables aside, into schema origin, where the old program cannot write to them any more, and
-- lets the janitor learn all words. A script without parameters. No lock is waited for longer than a moment.
begin;
set local lock_timeout = '500ms';
create schema if not exists origin;
alter table public.listings set schema origin;
alter table if exists public.migrations set schema origin;
update board.message_state set settled = 0, counted = 0, awaited = 0, awaited_from = '{}';
commit;
reset synchronous_commit;
reset initialsdb.reason;
