-- SPDX-License-Identifier: MIT
-- backup, restore: every table of the board that is kept, how many rows it has and a digest of them whatever their
-- order: table, rows (text), digest (text). A script without parameters.
set timezone = 'UTC';
set datestyle = 'ISO';
set bytea_output = 'hex';
create or replace function pg_temp.digest(p_relation regclass, out rows text, out digest text)
language plpgsql as $$
begin
  execute format('select count(*), coalesce(sum(hashtextextended(r::text, 0)::numeric), 0) from %s as r', p_relation)
  into rows, digest;
end
$$;
select c.relname, d.rows, d.digest
from pg_class as c, lateral pg_temp.digest(c.oid::regclass) as d
where c.relnamespace = 'board'::regnamespace and c.relkind = 'r' and c.relpersistence = 'p'
order by c.relname collate "C";
