-- SPDX-License-Identifier: MIT
-- export: id (bigint), body (text), created_at (text, RFC 3339) of the visible messages after an id, oldest
-- first. $1 bigint id, $2 integer how many.
select id, body, board.rfc3339(created_at) as created_at
from board.message where id > $1::bigint
order by id limit $2::integer;
