-- SPDX-License-Identifier: MIT
-- import: inserts a batch in its order and says how many messages that were (bigint). $1 text[] bodies, $2
-- timestamptz[] their times (null elements: now), $3 text source, $4 bigint records of the source that are
-- done after this batch, $5 text digest of them. Progress is kept in the same transaction; a batch that was done before inserts nothing.
with progress as (
  insert into board.import as i (source, records, digest) values ($3::text, $4::bigint, $5::text)
  on conflict (source) do update set records = excluded.records, digest = excluded.digest
    where i.records < excluded.records
  returning 1
), inserted as (
  insert into board.message (body, created_at)
  select r.body, coalesce(r.created_at, clock_timestamp())
  from unnest($1::text[], $2::timestamptz[]) with ordinality as r (body, created_at, place)
  where exists (select from progress)
  order by r.place
  returning 1
)
select count(*) from inserted;
