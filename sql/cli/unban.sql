-- SPDX-License-Identifier: MIT
-- unban: $1 bigint[] numbers of bans.
with gone as (delete from board.ban where n = any ($1::bigint[]) returning 1) select count(*) as ended from gone;
