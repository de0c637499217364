-- SPDX-License-Identifier: MIT
-- Where there is little to find, the whole index is asked at once.
--
-- To ask for a bucket costs a look at the bucket's own part of the index, so that to look for scarce words, or for words
-- that scarcely meet, bucket by bucket costs in proportion to the messages and not to the words. Asked without a
-- bucket the index is as quick as the words are scarce. How scarce they are, the buckets before have shown; and
-- in case that it is otherwise further down, no more than so many rows are read.
--
-- A prefix is left to the index itself then, which reads its words in one go. As a list of a hundred words each message
-- with one of them is held against all of the list; bucket by bucket that is the lesser evil, because there the index
-- would begin anew each time.

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

-- As before, and the whole index as the largest bucket, asked for p_words. What is dense says little about requirements
-- that must meet, and nothing about what has been hidden since: where nothing was found, more is risked. The one without
-- p_words stays: searches that are under way while this is applied are about to call it.
create function board.search_buckets(
  p_search board.progress, p_filter tsquery, p_exact board.alternative[], p_lookup board.lookup, p_counted bigint,
  p_words tsquery)
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
      v_found := board.probe_all(p_words, p_filter, p_exact, v_search.below,
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

-- As before; hands that on.
create or replace function board.search(
  p_query board.alternative[], p_below bigint, p_limit integer, out items text[], out next_id bigint)
language plpgsql volatile
set enable_seqscan = off set enable_bitmapscan = on set enable_indexscan = on set enable_hashjoin = off set enable_mergejoin = off set jit = off
set plan_cache_mode = force_generic_plan set search_path = board, pg_catalog, pg_temp as $$
declare
  v_words tsquery := filter(p_query);
  v_filter tsquery := v_words;
  v_exact alternative[] := case when exists (
    select from unnest(p_query) as a where cardinality(a.phrases || a.forbidden) > 0) then p_query end;
  v_prefix boolean := exists (select from unnest(p_query) as a, unnest(a.words) as w where w like '%:*%');
  v_state message_state;
  v_lookup lookup;
  v_search progress := ('{}', '{}', p_below, p_limit + 1, search_budget(),
    clock_timestamp() + search_budget() * interval '5 microseconds');
begin
  select * into v_state from message_state;
  v_search := search_rows(v_search, v_filter, v_exact,
    case when v_prefix then v_state.settled + 1 else 9223372036854775807 end);
  if not finished(v_search) then
    v_lookup := lookup(p_query, bucket(v_state.counted - 1, 1) + 1);
    if not v_lookup.possible then
      v_search.below := null;
    elsif v_lookup.keys is null then
      v_search := search_rows(v_search, v_filter, v_exact, 0);
    else
      if v_lookup.complete and not exists (select from unnest(p_query) as a where a.filter::text like '%!%') then
        v_filter := null;
      end if;
      -- Of short prefixes there are too many messages to be read in one go, of short lists it is not worth it.
      if numnode(v_lookup.keys) <= 32
        or exists (select from unnest(p_query) as a, unnest(a.words) as w where w ~ '(^|[|])[^|]{1,2}:[*]') then
        v_words := v_lookup.keys;
      end if;
      v_search := search_buckets(v_search, v_filter, v_exact, v_lookup, v_state.counted, v_words);
    end if;
  end if;
  items := v_search.items[:p_limit];
  next_id := case when cardinality(v_search.ids) > p_limit then v_search.ids[p_limit] else v_search.below end;
end
$$;
