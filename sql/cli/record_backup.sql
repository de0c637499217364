-- SPDX-License-Identifier: MIT
-- backup, restore --drill: a backup has been tried and is good. $1 text its name, $2 bigint its size in bytes.
insert into board.backup (name, bytes) values ($1, $2)
on conflict (name) do update set tried_at = default, bytes = excluded.bytes;
