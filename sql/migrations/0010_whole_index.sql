-- SPDX-License-Identifier: MIT
-- Where there is little to find, the whole index is asked at once.
--
-- To ask for a bucket costs a look at the bucket's own part of the index, so that to look for scarce words, or for words
-- that scarcely meet, bucket by bucket costs in proportion to the messages and not to the words. Asked without a
-- bucket the index is as quick as the words are scarce. How scarce they are, the buckets before have shown; and
-- in case that it is otherwise further down, no more than so many rows are read.

-- The newest hits of all below an id. `examined` is more than p_most when there may be too many to read; then
-- nothing is known.
create function board.probe_all(
  p_keys tsquery, p_filter tsquery, p_exact board.alternative[], p_below bigint, p_rows integer, p_most integer,
  out ids bigint[], out items text[], out examined integer)
language plpgsql stable as $$
declare
  v_outlines text[] := board.outlines(p_exact);
begin
  with asked as materialized (
    select id, body, created_at, terms from board.message where board.keys(terms) @@ p_keys limit p_most + 1
  ), candidate as materialized (
    select * from asked
    where id < p_below and (p_filter is null or terms @@ p_filter) and (select count(*) from asked) <= p_most
    order by id desc
  ), hit as (
    select id, body, created_at from candidate
    where p_exact is null or board.looks_like(body, v_outlines) and board.satisfies(terms, body, p_exact)
    limit p_rows
  )
  select array_agg(id), array_agg(board.listing(id, body, created_at)), (select count(*) from asked)
  into ids, items, examined from hit;
end
$$;

-- As before, and the whole index as the largest bucket. What is dense says little about requirements that must meet, and
-- nothing about what has been hidden since: where nothing was found, more is risked.
create or replace function board.search_buckets(
  p_search board.progress, p_filter tsquery, p_exact board.alternative[], p_lookup board.lookup, p_counted bigint)
returns board.progress
language plpgsql volatile as $$
declare
  v_search board.progress := p_search;
  v_top bigint := p_search.below;
  v_bottom bigint := (select min(id) from board.message);
  v_most integer := 0;
  v_bound integer := 2048;
  v_cost integer := case when p_exact is null then 1 else 4 end; -- of a row that is looked at
  v_rows integer := 8192 / v_cost;
  v_seen integer := 0;
  v_all boolean := p_filter is null
    and (select sum(b) <= 65536 and (p_lookup.meeting or max(b) <= 256) from unnest(p_lookup.bounds) as b);
  v_level integer;
  v_bucket integer;
  v_found record;
begin
  while not board.finished(v_search) loop
    -- As many as were seen in what was passed, and one, and so on to the bottom. Of a word that is dense anywhere
    -- more is known than that.
    if v_all and (v_seen + 1) * ((v_top - v_bottom)::float8 / nullif(v_top - v_search.below, 0)) <= 2048 then
      v_found := board.probe_all(p_lookup.keys, p_filter, p_exact, v_search.below,
        v_search.wanted - cardinality(v_search.ids), v_rows);
      v_search.budget := v_search.budget - 500 - least(v_found.examined, v_rows) * v_cost / 2;
      v_all := false;
      if v_found.examined <= v_rows then
        v_search.ids := v_search.ids || v_found.ids;
        v_search.items := v_search.items || v_found.items;
        v_search.below := null;
      end if;
      continue;
    end if;
    v_level := case when v_search.below > p_counted then 0
      else board.level(p_lookup.bounds, v_search.below - 1, v_most, v_bound) end;
    v_bucket := board.bucket(v_search.below - 1, v_level);
    v_found := board.probe(v_level, v_bucket, p_lookup.keys, p_filter, p_exact, v_search.below,
      v_search.wanted - cardinality(v_search.ids));
    v_search.budget := v_search.budget - 100 - numnode(p_lookup.keys) - v_found.examined * v_cost;
    v_search.below := nullif(greatest(v_bottom, v_bucket::bigint << (12 + 3 * v_level)), v_bottom);
    v_seen := v_seen + v_found.examined;
    if v_found.ids is not null then
      v_search.ids := v_search.ids || v_found.ids;
      v_search.items := v_search.items || v_found.items;
    elsif p_lookup.meeting and (v_found.examined = 0 or p_exact is null) then
      v_bound := least(16384, v_bound * 2);
    elsif v_found.examined = 0 then
      v_bound := least(4096, v_bound + 128);
    end if;
    v_most := least(3, v_most + 1);
  end loop;
  return v_search;
end
$$;
