-- SPDX-License-Identifier: MIT
-- unhide: moves the messages that are meant back, and says how many. $1 bigint[] ids, $2 text search, $3 bigint id of a message
-- whose network is meant, $4 and $5 timestamptz from and before: each may be null.
select board.unhide(array(select id from board.chosen('hidden', $1::bigint[], $2::text, $3::bigint, $4::timestamptz, $5::timestamptz))) as shown;
