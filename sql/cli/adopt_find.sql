-- SPDX-License-Identifier: MIT
-- migrate: are there messages of the origin of this program to adopt? One row: boolean. No parameters.
select count(*) = 4 from information_schema.columns
where table_schema = 'public' and table_name = 'listings'
  and column_name in ('id', 'body', 'is_hidden', 'created_at');
