-- SPDX-License-Identifier: MIT
-- Searches of scarce words, and of words that scarcely meet, at any size of the board.
--
-- Bucket by bucket they cost in proportion to the messages and not to the words, because each bucket is a look at its own
-- part of the index. What was seen on the way down tells how much there may be further down: then a bucket
-- is as large as what it is expected to hold allows, and as what is still missing on the page needs. Where nearly
-- nothing is expected the whole index is asked at once, and no more than so many rows are read in case that it is
-- otherwise.

-- As before, without what costs and is not needed.
create or replace function board.lower_of(p_one integer[], p_other integer[]) returns integer[]
language plpgsql immutable parallel safe as $$
begin
  return array(select least(o, t) from unnest(p_one, p_other) as b (o, t));
end
$$;

create or replace function board.sum_of(p_one integer[], p_other integer[]) returns integer[]
language plpgsql immutable parallel safe as $$
begin
  if p_other is null then
    return p_one;
  end if;
  return array(select o + t from unnest(p_one, p_other) as b (o, t));
end
$$;

-- As before, but where a word is in none or one of the newest 128 it is left to the index at once.
create or replace function board.search_rows(
  p_search board.progress, p_filter tsquery, p_exact board.alternative[], p_down_to bigint)
returns board.progress
language plpgsql volatile as $$
declare
  v_search board.progress := p_search;
  v_span integer := 128;
  v_found record;
begin
  loop
    select * into v_found from board.walk(p_filter, p_exact, v_search.below, v_span,
      v_search.wanted - cardinality(v_search.ids));
    v_search.ids := v_search.ids || v_found.ids;
    v_search.items := v_search.items || v_found.items;
    v_search.below := v_found.lowest;
    v_search.budget := v_search.budget - v_span / 2;
    exit when board.finished(v_search)
      or (v_search.below <= p_down_to and (v_span = 1024 or cardinality(v_search.ids) <= 1));
    v_span := 1024;
  end loop;
  return v_search;
end
$$;

-- One requirement among those of an alternative, as the index can be asked for it.
create type board.requirement as (
  words  text,
  keys   tsquery,
  number integer,  -- of keys
  exact  boolean,  -- the keys stand for the words and for nothing else
  bounds integer[],-- as in board.lookup
  total  bigint    -- of them
);

create function board.requirement(p_words text, p_keys text[], p_chapters integer) returns board.requirement
language plpgsql stable as $$
declare
  v_one board.requirement;
begin
  v_one.words := p_words;
  v_one.keys := (select string_agg(board.quoted(k), ' | ') from unnest(p_keys) as k)::tsquery;
  v_one.number := cardinality(p_keys);
  v_one.exact := board.is_exact(p_words, p_keys);
  v_one.bounds := board.bounds(p_keys, p_chapters);
  if v_one.exact and p_words ~ '^[^|]{3,}:[*]$' then
    v_one.bounds := board.lower_of(board.bounds(array['^' || left(p_words, 3)], p_chapters), v_one.bounds);
  end if;
  v_one.total := (select coalesce(sum(b), 0) from unnest(v_one.bounds) as b);
  return v_one;
end
$$;

-- Is it less work to ask the index for one more requirement than to read the rows that do not meet it? In microseconds a
-- row is 1.2, to pass by a key's messages 0.0026 each, and to hold a row against one more key of a list 0.02.
create function board.is_worth_asking(p_one board.requirement, p_rows float8) returns boolean
language sql immutable as $$
  select 0.0026 * p_one.total + 0.02 * (p_one.number - 1) * p_rows
    <= 1.2 * p_rows * (1 - p_one.total / (32768.0 * greatest(1, cardinality(p_one.bounds))))
$$;

-- As before, but the index is asked for the scarcest requirement and only for those others that are worth it. Of a long list
-- of words for a prefix its first two letters may be. Of many requirements the longest are considered, because long
-- words are scarce.
create or replace function board.lookup_one(p_alternative board.alternative, p_chapters integer) returns board.lookup
language plpgsql stable as $$
declare
  v_lookup board.lookup := (true, null, false, true, null);
  v_all board.requirement[] := '{}';
  v_one board.requirement;
  v_words text;
  v_keys text[];
  v_rows float8; -- that are left to be read
begin
  for v_words in select w from unnest(p_alternative.words) as w order by char_length(w) desc loop
    v_keys := board.expand_requirement(v_words);
    if v_keys = '{}' then
      return (false, null, false, true, null)::board.lookup;
    elsif v_keys is null or cardinality(v_all) = 8 then
      v_lookup.complete := false;
    else
      v_all := v_all || board.requirement(v_words, v_keys, p_chapters);
    end if;
  end loop;
  for v_one in select r.* from unnest(v_all) as r order by r.total, r.number loop
    if v_lookup.keys is not null and v_one.words ~ '^[^|]{3,}:[*]$' and not board.is_worth_asking(v_one, v_rows) then
      v_one := board.requirement(v_one.words, array['^' || left(v_one.words, 2)], p_chapters);
    end if;
    if v_lookup.keys is null then
      v_lookup.keys := v_one.keys;
      v_lookup.bounds := v_one.bounds;
      v_rows := v_one.total;
    elsif board.is_worth_asking(v_one, v_rows) then
      v_lookup.keys := v_lookup.keys && v_one.keys;
      v_lookup.bounds := board.lower_of(v_one.bounds, v_lookup.bounds);
      v_lookup.meeting := true;
      v_rows := v_rows * v_one.total / (32768.0 * greatest(1, p_chapters));
    else
      v_one.exact := false;
    end if;
    v_lookup.complete := v_lookup.complete and v_one.exact;
  end loop;
  return v_lookup;
end
$$;

-- Messages with the keys in one bucket, or in all where p_level is null, but then no more than one beyond p_most: how many
-- there are, and which of them pass the filter and look right below an id, newest first.
create function board.candidates(
  p_level integer, p_bucket integer, p_keys tsquery, p_filter tsquery, p_outlines text[], p_below bigint, p_most integer,
  out ids bigint[], out examined integer)
language plpgsql stable as $$
begin
  if p_level = 0 then
    select array_agg(id order by id desc) filter (where id < p_below
      and (p_filter is null or terms @@ p_filter) and board.looks_like(body, p_outlines)), count(*)
    into ids, examined from board.message where board.bucket(id, 0) = p_bucket and board.keys(terms) @@ p_keys;
  elsif p_level = 1 then
    select array_agg(id order by id desc) filter (where id < p_below
      and (p_filter is null or terms @@ p_filter) and board.looks_like(body, p_outlines)), count(*)
    into ids, examined from board.message where board.bucket(id, 1) = p_bucket and board.keys(terms) @@ p_keys;
  elsif p_level = 2 then
    select array_agg(id order by id desc) filter (where id < p_below
      and (p_filter is null or terms @@ p_filter) and board.looks_like(body, p_outlines)), count(*)
    into ids, examined from board.message where board.bucket(id, 2) = p_bucket and board.keys(terms) @@ p_keys;
  elsif p_level = 3 then
    select array_agg(id order by id desc) filter (where id < p_below
      and (p_filter is null or terms @@ p_filter) and board.looks_like(body, p_outlines)), count(*)
    into ids, examined from board.message where board.bucket(id, 3) = p_bucket and board.keys(terms) @@ p_keys;
  else
    select array_agg(id order by id desc) filter (where id < p_below
      and (p_filter is null or terms @@ p_filter) and board.looks_like(body, p_outlines)), count(*)
    into ids, examined
    from (select id, body, terms from board.message where board.keys(terms) @@ p_keys limit p_most + 1) as m;
  end if;
end
$$;

-- The first so many of these messages that satisfy the query. Texts are looked at one by one, until there are enough.
create function board.hits(
  p_ids bigint[], p_exact board.alternative[], p_rows integer, out ids bigint[], out items text[])
language plpgsql stable as $$
begin
  with hit as (
    select m.id, m.body, m.created_at from unnest(p_ids) as c (id) join board.message as m using (id)
    where p_exact is null or board.satisfies(m.terms, m.body, p_exact)
    limit p_rows
  )
  select array_agg(id), array_agg(board.listing(id, body, created_at)) into ids, items from hit;
end
$$;

-- How many messages with the keys are to be expected in the chapters from one to another: what is dense is known, of the
-- rest there are as many as there were so far, p_rate an id. How often keys meet is not known even of dense ones.
create function board.expected(p_lookup board.lookup, p_rate float8, p_first integer, p_last integer) returns float8
language plpgsql immutable as $$
declare
  v_keys integer := (numnode(p_lookup.keys) + 1) / 2;
begin
  return (select sum(case when b > 63 * v_keys and not p_lookup.meeting then b else least(b, p_rate * 32768) end)
    from unnest(p_lookup.bounds[p_first + 1 : p_last + 1]) as b);
end
$$;

-- The largest bucket to ask next, the one with this id in it, of at most so much work and no more ids than are needed; or 4,
-- the whole index, where that is less work than to go on for as many ids as are needed. Work is in microseconds of a
-- good machine: p_cost for each row that is read, and answered is that of the index. To pass by a bucket's ids takes
-- it 0.0015 each, more where keys have to meet, but no more than 12 for each that it finds; without a bucket
-- each message with the scarcest of the keys that have to meet takes 0.1.
create function board.level(
  p_lookup board.lookup, p_rate float8, p_cost float8, p_id bigint, p_most integer, p_all boolean, p_ids float8,
  p_work float8, p_budget float8, out level integer, out work float8)
language plpgsql immutable as $$
declare
  v_chapter integer := board.bucket(p_id, 1);
  v_pass float8 := case when p_lookup.meeting then 0.0026 else least(0.0015, 12 * p_rate) end;
  v_rows float8;
begin
  if p_all and p_rate * p_id <= 4096 then
    level := 4;
    work := case when p_lookup.meeting then 0.1 * (select sum(b) from unnest(p_lookup.bounds[: v_chapter + 1]) as b) else 0 end;
    v_rows := board.expected(p_lookup, p_rate, 0, v_chapter);
    if v_rows <= 4096
      and v_rows * p_cost + work <= least(p_budget, least(p_ids, p_id) * (p_rate * p_cost + v_pass)) then
      return;
    end if;
  end if;
  for v_level in reverse case when p_lookup.meeting then least(2, p_most) else p_most end .. 1 loop
    level := v_level;
    work := v_pass * (4096 << (3 * level));
    v_rows := board.expected(p_lookup, p_rate, board.bucket(p_id, level) << (3 * (level - 1)), v_chapter);
    if v_rows * p_cost + work <= p_work and 4096 << (3 * level) <= p_ids then
      return;
    end if;
  end loop;
  level := 0;
  work := 0;
end
$$;

-- As before. The page needs about as many ids as were passed for as many messages as it still lacks. Where nothing
-- was found though it was known to be dense, it was hidden since, and more is risked. p_words is what the whole
-- index is asked for. The function without it stays: searches that are under way while this is applied are about to call it.
create function board.search_buckets(
  p_search board.progress, p_filter tsquery, p_exact board.alternative[], p_lookup board.lookup, p_counted bigint,
  p_words tsquery)
returns board.progress
language plpgsql volatile as $$
declare
  v_search board.progress := p_search;
  v_top bigint := p_search.below;
  v_bottom bigint := (select min(id) from board.message);
  v_cost float8 := case when p_exact is null then 1.2 else 4 end; -- of a row
  v_outlines text[] := board.outlines(p_exact);
  v_all boolean := true;
  v_most integer := 0;
  v_risk integer := 2048;
  v_seen integer := 4;
  v_hits integer := 0;
  v_missing integer;
  v_next record;
  v_bucket integer;
  v_found record;
  v_hit record;
begin
  while not board.finished(v_search) loop
    v_missing := v_search.wanted - cardinality(v_search.ids);
    v_next := board.level(p_lookup, v_seen::float8 / greatest(1, v_top - v_search.below), v_cost, v_search.below - 1,
      case when v_search.below > p_counted then 0 else v_most end, v_all and v_top - v_search.below >= v_top / 256,
      coalesce(3.0 * v_missing * (v_top - v_search.below) / nullif(v_hits, 0), 'infinity'), v_risk, v_search.budget);
    v_bucket := board.bucket(v_search.below - 1, v_next.level);
    v_found := board.candidates(v_next.level, v_bucket, case when v_next.level = 4 then p_words else p_lookup.keys end,
      p_filter, v_outlines, v_search.below, 8192);
    v_search.budget := v_search.budget - 60 - 2 * numnode(p_lookup.keys) - v_found.examined * v_cost
      - case when p_lookup.meeting then v_next.work else least(v_next.work, 12 * v_found.examined) end;
    v_all := v_all and v_next.level < 4;
    continue when v_next.level = 4 and v_found.examined > 8192;
    v_hit := board.hits(v_found.ids, p_exact, v_missing);
    v_search.ids := v_search.ids || v_hit.ids;
    v_search.items := v_search.items || v_hit.items;
    v_search.below := case when v_next.level < 4 then
      nullif(greatest(v_bottom, v_bucket::bigint << (12 + 3 * v_next.level)), v_bottom) end;
    v_seen := v_seen + v_found.examined;
    v_hits := v_hits + coalesce(cardinality(v_hit.ids), 0);
    v_most := least(3, v_most + 1);
    v_risk := case when v_found.examined = 0 then least(8192, v_risk * 2) else v_risk end;
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
