-- SPDX-License-Identifier: MIT
-- doctor, as the application role, on the primary and on replicas: whose data a server has and how far. One row: cluster and
-- database (text), standby (boolean), bytes of the log that are written or replayed (bigint), milliseconds since the commit that
-- was replayed last was made (text, null on a primary). No parameters.
select system_identifier || '/' || current_database(), pg_is_in_recovery(), next_id, body
from pg_control_system(), api.replayed();
