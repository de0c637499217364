-- SPDX-License-Identifier: MIT
-- list, and --dry-run: the messages that are meant. $1 bigint[] ids, $2 text search, $3 bigint id of a message
-- whose network is meant, $4 and $5 timestamptz from and before: each may be null. $6
-- text place: message, hidden or held.
select id, board.rfc3339(created_at) as created_at, body from board.chosen($6::board.place, $1::bigint[], $2::text, $3::bigint, $4::timestamptz, $5::timestamptz);
