-- SPDX-License-Identifier: MIT
-- ban --network-of: refuses posts from the network that sent a message; no row when that is not known. $1 bigint id, $2 text
-- reason, $3 integer hours.
insert into board.ban (digest, label, reason, expires_at)
select n, 'the network of message ' || $1::bigint, $2::text, clock_timestamp() + $3::integer * interval '1 hour'
from board.network_of($1::bigint) as n where n is not null
returning n, board.rfc3339(expires_at) as expires_at;
