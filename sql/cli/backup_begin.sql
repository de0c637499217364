-- SPDX-License-Identifier: MIT
-- backup: one moment for the dump, the takeout and the digests, as the name of a snapshot (text). A script without
-- parameters; the transaction stays open.
begin isolation level repeatable read;
set local statement_timeout = 0;
select pg_export_snapshot();
