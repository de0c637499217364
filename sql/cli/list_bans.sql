-- SPDX-License-Identifier: MIT
-- bans: those that hold, the first to end first. No parameters.
select n, label, reason, board.rfc3339(created_at) as created_at, board.rfc3339(expires_at) as expires_at
from board.ban where expires_at > clock_timestamp() order by expires_at, n;
