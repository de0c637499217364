-- SPDX-License-Identifier: MIT
-- approve: puts the waiting messages that are meant on the board, and says how many. $1 bigint[] ids, $2 text search, $3 bigint id of a message
-- whose network is meant, $4 and $5 timestamptz from and before: each may be null.
select board.approve(array(select id from board.chosen('held', $1::bigint[], $2::text, $3::bigint, $4::timestamptz, $5::timestamptz))) as approved;
