-- SPDX-License-Identifier: MIT
-- ban ADDRESS: the program has made the digest. $1 text bytea in hexadecimal form, $2 text reason, $3 integer hours.
insert into board.ban (digest, label, reason, expires_at)
values ($1::text::bytea, 'an address', $2::text, clock_timestamp() + $3::integer * interval '1 hour')
returning n, board.rfc3339(expires_at) as expires_at;
