-- SPDX-License-Identifier: MIT
-- show: one message wherever it is, and what was done to it. $1 bigint id.
select m.place, m.id, board.rfc3339(m.created_at) as created_at, m.body,
  (select count(*) from board.report as r where r.message_id = m.id) as reports,
  (select string_agg(format('%s %s by %s%s', board.rfc3339(a.at), a.action, a.who, ': ' || a.reason), '; ' order by a.n)
    from board.audit as a where a.message_id = m.id) as history
from (
  select 'message' as place, id, created_at, body from board.message where id = $1::bigint
  union all select 'hidden', id, created_at, body from board.hidden where id = $1::bigint
  union all select 'held', id, created_at, body from board.held where id = $1::bigint) as m;
