-- SPDX-License-Identifier: MIT
-- migrate: waits until no other migrate runs; held until the session ends. No parameters.
select pg_advisory_lock(hashtextextended('initialsdb migrate', 0));
