-- SPDX-License-Identifier: MIT
-- log: the newest entries of the audit. $1 integer how many.
select n, board.rfc3339(at) as at, who, action, message_id, reason from board.audit order by n desc limit $1::integer;
