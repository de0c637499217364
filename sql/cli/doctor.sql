-- SPDX-License-Identifier: MIT
-- doctor, as the application role: what it may do and should not, how its clock differs, when a backup was last good. One
-- row: superuser or owner (boolean), rights to tables (bigint), seconds of the database's clock (bigint), answer of
-- api.ready (text), answer of api.last_backup (text). No parameters.
select
  (select rolsuper or rolcreatedb or rolcreaterole from pg_roles where rolname = current_user),
  (select count(*) from pg_class where relnamespace = to_regnamespace('board') and relkind in ('r', 'v')
    and has_schema_privilege(relnamespace, 'usage') and has_table_privilege(oid, 'select, insert, update, delete')),
  extract(epoch from clock_timestamp())::bigint,
  (select body from api.ready()),
  (select body from api.last_backup());
