-- SPDX-License-Identifier: MIT
-- reports: visible messages that readers reported, the most reported first. $1 integer how many.
select m.id, count(*) as reports, board.rfc3339(max(r.at)) as last_at, string_agg(r.reason, '; ' order by r.at) as reasons, m.body
from board.report as r join board.message as m on m.id = r.message_id
group by m.id order by count(*) desc, m.id desc limit $1::integer;
