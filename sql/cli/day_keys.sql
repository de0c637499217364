-- SPDX-License-Identifier: MIT
-- ban ADDRESS: today's key of network digests, as api.network_keys tells it. No parameters.
select body from api.network_keys(0);
