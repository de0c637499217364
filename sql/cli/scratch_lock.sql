-- SPDX-License-Identifier: MIT
-- backup, restore --drill: one at a time in the scratch database; held until the session ends. No parameters.
select pg_advisory_lock(hashtextextended('initialsdb scratch', 0));
