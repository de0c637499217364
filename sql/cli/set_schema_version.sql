-- SPDX-License-Identifier: MIT
-- migrate, in the transaction that replaces the api functions: $1 integer number of the last migration, $2 text
-- digest of the api files.
insert into board.schema_version (number, api) values ($1, $2)
on conflict (one) do update set number = excluded.number, api = excluded.api;
