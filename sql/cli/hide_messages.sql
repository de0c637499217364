-- SPDX-License-Identifier: MIT
-- hide: moves the messages that are meant, visible and waiting ones, and says how many. $1 bigint[] ids, $2 text search, $3 bigint id of a message
-- whose network is meant, $4 and $5 timestamptz from and before: each may be null.
select (select count(*) from board.chosen('message', $1::bigint[], $2::text, $3::bigint, $4::timestamptz, $5::timestamptz))
  + (select count(*) from board.chosen('held', $1::bigint[], $2::text, $3::bigint, $4::timestamptz, $5::timestamptz)) as chosen,
  board.hide(array(select id from board.chosen('message', $1::bigint[], $2::text, $3::bigint, $4::timestamptz, $5::timestamptz)))
  + board.reject(array(select id from board.chosen('held', $1::bigint[], $2::text, $3::bigint, $4::timestamptz, $5::timestamptz))) as hidden;
