-- SPDX-License-Identifier: MIT
-- setup-database, as administrator: the statement that creates the database, or no row when it is there.
-- $1 text database, $2 text owner role. The caller sends the statement as it comes, outside a
-- transaction. The collation is fixed so that a board finds the same words on every machine.
select format('create database %I owner %I template template0 encoding ''UTF8'' ', $1::text, $2::text)
  || case when current_setting('server_version_num')::integer >= 150000
       then 'locale_provider libc ' else '' end
  || 'lc_collate ''C'' lc_ctype ''C.UTF-8'''
where not exists (select from pg_database where datname = $1::text);
