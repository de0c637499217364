-- SPDX-License-Identifier: MIT
-- migrate: adopts the next messages with their ids and times; how many there were (bigint). $1 integer how many at
-- most. The digests of addresses stay behind.
with progress as (
  select records as last from board.import where source = 'origin' for update
), batch as (
  -- As a subquery, for which the index is asked; a join would walk over all that has been adopted already.
  select * from public.listings where id > (select last from progress) order by id limit $1::integer
), visible as (
  insert into board.message (id, created_at, body)
  select id, created_at, body from batch where not is_hidden and body <> ''
), hidden as (
  insert into board.hidden (id, created_at, hidden_at, body)
  select id, created_at, coalesce(hidden_at, created_at), body from batch where is_hidden or body = ''
), done as (
  update board.import set records = (select max(id) from batch)
  where source = 'origin' and exists (select from batch)
)
select count(*) from batch;
