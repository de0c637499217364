-- Finding with bounded work, whatever the words and however many messages.
--
-- The newest messages are read row by row: that answers every common word. Below them one GIN index over
-- (bucket of ids, words) is asked bucket by bucket, newest first, in larger and larger buckets: 4096 ids, and
-- three times 8 of the ones before. How large a bucket may be is bounded by what is known of the words: where
-- they are dense, buckets stay small. When the budget is used up the page ends early, and the next one goes on
-- there. The budget is of work, so that a page does not depend on what else the machine has to do; a limit of time
-- stands behind it for disks that are slow.

create extension if not exists btree_gin with schema board;

-- A function because a large import builds the index afterwards. No pending list: nobody's post or search shall
-- wait for it to be merged.
create function board.build_index() returns void
language sql volatile as $$
  create index if not exists message_find on board.message using gin (
    board.bucket(id, 0), board.bucket(id, 1), board.bucket(id, 2), board.bucket(id, 3), board.keys(terms))
    with (fastupdate = off)
$$;

select board.build_index();

-- One page of the newest below an id.
create function board.newest(p_below bigint, p_limit integer, out items text[], out next_id bigint)
language plpgsql stable as $$
begin
  with page as (
    select id, body, created_at from board.message where id < p_below order by id desc limit p_limit + 1
  ), numbered as (
    select id, board.listing(id, body, created_at) as item, row_number() over (order by id desc) as place
    from page
  )
  select array_agg(item order by place) filter (where place <= p_limit),
    case when count(*) > p_limit then min(id) filter (where place <= p_limit) end
  into items, next_id from numbered;
end
$$;

-- Rows below an id, the newest first, whose next `p_span` are looked at one by one.
create function board.walk(
  p_filter tsquery, p_exact board.alternative[], p_below bigint, p_span integer, p_rows integer,
  out ids bigint[], out items text[], out lowest bigint)
language plpgsql stable as $$
begin
  with span as materialized (
    select id, body, created_at, terms from board.message where id < p_below order by id desc limit p_span
  ), hit as (
    select id, body, created_at from span
    where (p_filter is null or terms @@ p_filter)
      and (p_exact is null or board.satisfies(terms, body, p_exact))
    order by id desc limit p_rows
  )
  select array_agg(id order by id desc), array_agg(board.listing(id, body, created_at) order by id desc),
    (select case when count(*) = p_span then min(id) end from span)
  into ids, items, lowest from hit;
end
$$;

-- The newest hits in one bucket below an id. `id + 0` keeps the primary key out of it, and the materialized
-- step keeps the limit from choosing another plan: this must be the GIN index. Texts are looked at one by one
-- from the newest, until there are enough.
create function board.probe(
  p_level integer, p_bucket integer, p_keys tsquery, p_filter tsquery, p_exact board.alternative[],
  p_below bigint, p_rows integer, out ids bigint[], out items text[], out examined integer)
language plpgsql stable as $$
declare
  v_outlines text[] := board.outlines(p_exact);
begin
  if p_level = 0 then
    with candidate as materialized (
      select id, body, created_at, terms from board.message
      where board.bucket(id, 0) = p_bucket and board.keys(terms) @@ p_keys and id + 0 < p_below
        and (p_filter is null or terms @@ p_filter)
    ), hit as (
      select id, body, created_at from (select * from candidate order by id desc) as c
      where p_exact is null or board.looks_like(body, v_outlines) and board.satisfies(terms, body, p_exact)
      limit p_rows
    )
    select array_agg(id), array_agg(board.listing(id, body, created_at)), (select count(*) from candidate)
    into ids, items, examined from hit;
  elsif p_level = 1 then
    with candidate as materialized (
      select id, body, created_at, terms from board.message
      where board.bucket(id, 1) = p_bucket and board.keys(terms) @@ p_keys and id + 0 < p_below
        and (p_filter is null or terms @@ p_filter)
    ), hit as (
      select id, body, created_at from (select * from candidate order by id desc) as c
      where p_exact is null or board.looks_like(body, v_outlines) and board.satisfies(terms, body, p_exact)
      limit p_rows
    )
    select array_agg(id), array_agg(board.listing(id, body, created_at)), (select count(*) from candidate)
    into ids, items, examined from hit;
  elsif p_level = 2 then
    with candidate as materialized (
      select id, body, created_at, terms from board.message
      where board.bucket(id, 2) = p_bucket and board.keys(terms) @@ p_keys and id + 0 < p_below
        and (p_filter is null or terms @@ p_filter)
    ), hit as (
      select id, body, created_at from (select * from candidate order by id desc) as c
      where p_exact is null or board.looks_like(body, v_outlines) and board.satisfies(terms, body, p_exact)
      limit p_rows
    )
    select array_agg(id), array_agg(board.listing(id, body, created_at)), (select count(*) from candidate)
    into ids, items, examined from hit;
  else
    with candidate as materialized (
      select id, body, created_at, terms from board.message
      where board.bucket(id, 3) = p_bucket and board.keys(terms) @@ p_keys and id + 0 < p_below
        and (p_filter is null or terms @@ p_filter)
    ), hit as (
      select id, body, created_at from (select * from candidate order by id desc) as c
      where p_exact is null or board.looks_like(body, v_outlines) and board.satisfies(terms, body, p_exact)
      limit p_rows
    )
    select array_agg(id), array_agg(board.listing(id, body, created_at)), (select count(*) from candidate)
    into ids, items, examined from hit;
  end if;
end
$$;

-- The keys that a prefix stands for, among settled messages; null when it says too little to be looked up.
create function board.expand(p_prefix text) returns text[]
language plpgsql stable strict as $$
declare
  v_single boolean := char_length(p_prefix) = 1;
  v_from text := case when v_single then '^' || p_prefix else p_prefix end;
  v_keys text[];
begin
  if char_length(p_prefix) = 2 then
    return array['^' || p_prefix, p_prefix];
  end if;
  v_keys := array(select key from board.vocabulary where key >= v_from and key < v_from || chr(1114111) limit 129);
  if cardinality(v_keys) > 128 then
    return case when not v_single then array['^' || left(p_prefix, 2)] end;
  end if;
  return case when v_single then v_keys || array(select substr(key, 2) from unnest(v_keys) as key) else v_keys end;
end
$$;

-- One requirement of an alternative, "a|b|c:*", with its prefixes expanded; null when that cannot be done.
create function board.expand_requirement(p_words text) returns text[]
language plpgsql stable strict as $$
declare
  v_keys text[] := '{}';
  v_word text;
  v_expanded text[];
begin
  foreach v_word in array string_to_array(p_words, '|') loop
    v_expanded := case when v_word like '%:*' then board.expand(left(v_word, -2)) else array[v_word] end;
    if v_expanded is null then
      return null;
    end if;
    v_keys := v_keys || v_expanded;
  end loop;
  return v_keys;
end
$$;

-- At most so many messages of each chapter have one of the keys: what is dense was counted, the others
-- have less than 64 each.
create function board.bounds(p_keys text[], p_chapters integer) returns integer[]
language plpgsql stable strict as $$
declare
  v_bounds integer[] := array_fill(least(32768, 63 * cardinality(p_keys)), array[p_chapters]);
  v_dense record;
begin
  for v_dense in
    select chapter, sum(messages - 63) as more from board.dense_key where key = any (p_keys) group by chapter
  loop
    v_bounds[v_dense.chapter + 1] := least(32768, v_bounds[v_dense.chapter + 1] + v_dense.more);
  end loop;
  return v_bounds;
end
$$;

create function board.lower_of(p_one integer[], p_other integer[]) returns integer[]
language plpgsql immutable parallel safe as $$
begin
  return array(select least(o, t) from unnest(p_one, p_other) with ordinality as b (o, t, place) order by place);
end
$$;

create function board.sum_of(p_one integer[], p_other integer[]) returns integer[]
language plpgsql immutable parallel safe as $$
begin
  return array(select o + coalesce(t, 0) from unnest(p_one, p_other) with ordinality as b (o, t, place)
    order by place);
end
$$;

-- How the index is asked.
create type board.lookup as (
  possible boolean,  -- false when no settled message can match
  keys     tsquery,  -- every match satisfies it; null when the index cannot be asked
  meeting  boolean,  -- several requirements have to meet in a match
  complete boolean,  -- and whatever satisfies it matches, but for what is excluded and for phrases
  bounds   integer[] -- at most so many messages with these keys in chapter 0, 1, 2...
);

-- Do the keys stand for the words and for nothing else? A long prefix of many words is asked by two letters.
create function board.is_exact(p_words text, p_keys text[]) returns boolean
language plpgsql immutable as $$
begin
  return p_keys is not null
    and not (p_words ~ '[^|]{3}:[*]' and exists (select from unnest(p_keys) as k where k like '^%'));
end
$$;

create function board.lookup_one(p_alternative board.alternative, p_chapters integer) returns board.lookup
language plpgsql stable as $$
declare
  v_lookup board.lookup := (true, null, cardinality(p_alternative.words) > 1, true, null);
  v_words text;
  v_keys text[];
  v_one tsquery;
begin
  foreach v_words in array p_alternative.words loop
    v_keys := board.expand_requirement(v_words);
    v_lookup.complete := v_lookup.complete and board.is_exact(v_words, v_keys);
    continue when v_keys is null;
    if v_keys = '{}' then
      return (false, null, false, true, null)::board.lookup;
    end if;
    v_one := (select string_agg(board.quoted(k), ' | ') from unnest(v_keys) as k)::tsquery;
    v_lookup.keys := coalesce(v_lookup.keys && v_one, v_one);
    v_lookup.bounds := board.lower_of(board.bounds(v_keys, p_chapters), v_lookup.bounds);
    if v_words ~ '^[^|]{3,}:[*]$' and board.is_exact(v_words, v_keys) then
      v_lookup.bounds := board.lower_of(board.bounds(array['^' || left(v_words, 3)], p_chapters), v_lookup.bounds);
    end if;
  end loop;
  return v_lookup;
end
$$;

create function board.lookup(p_query board.alternative[], p_chapters integer) returns board.lookup
language plpgsql stable as $$
declare
  v_lookup board.lookup := (false, null, false, true, null);
  v_alternative board.alternative;
  v_one board.lookup;
begin
  foreach v_alternative in array p_query loop
    v_one := board.lookup_one(v_alternative, p_chapters);
    continue when not v_one.possible;
    if v_one.keys is null then
      return v_one;
    end if;
    v_lookup := (true, coalesce(v_lookup.keys || v_one.keys, v_one.keys), v_lookup.meeting or v_one.meeting,
      v_lookup.complete and v_one.complete, board.sum_of(v_one.bounds, v_lookup.bounds));
  end loop;
  return v_lookup;
end
$$;

-- The largest bucket to ask next, the one with this id in it, in which at most `p_bound` messages may have
-- the keys.
create function board.level(p_bounds integer[], p_id bigint, p_most integer, p_bound integer) returns integer
language plpgsql immutable as $$
declare
  v_chapter integer := board.bucket(p_id, 1);
  v_first integer;
begin
  for v_level in reverse p_most .. 1 loop
    v_first := board.bucket(p_id, v_level) << (3 * (v_level - 1));
    if (select sum(b) from unnest(p_bounds[v_first + 1 : v_chapter + 1]) as b) <= p_bound then
      return v_level;
    end if;
  end loop;
  return 0;
end
$$;

-- A search on its way down.
create type board.progress as (
  ids    bigint[],
  items  text[],
  below  bigint,     -- where it goes on; null at the end
  wanted integer,
  budget integer,    -- of work, in what would be microseconds on a good machine
  until  timestamptz
);

create function board.finished(p_search board.progress) returns boolean
language sql volatile as $$
  select p_search.below is null or cardinality(p_search.ids) >= p_search.wanted or p_search.budget <= 0
    or clock_timestamp() >= p_search.until
$$;

-- Goes down row by row: past the newest in any case, and on to an id.
create function board.search_rows(
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
    exit when board.finished(v_search) or (v_span = 1024 and v_search.below <= p_down_to);
    v_span := 1024;
  end loop;
  return v_search;
end
$$;

-- Goes down bucket by bucket; each that did not fill the page allows the next to be larger. Of requirements that
-- must meet, what is dense says little about how often they do: where nothing was found, more is risked.
create function board.search_buckets(
  p_search board.progress, p_filter tsquery, p_exact board.alternative[], p_lookup board.lookup, p_counted bigint)
returns board.progress
language plpgsql volatile as $$
declare
  v_search board.progress := p_search;
  v_bottom bigint := (select min(id) from board.message);
  v_most integer := 0;
  v_bound integer := 2048;
  v_level integer;
  v_bucket integer;
  v_found record;
begin
  while not board.finished(v_search) loop
    v_level := case when v_search.below > p_counted then 0
      else board.level(p_lookup.bounds, v_search.below - 1, v_most, v_bound) end;
    v_bucket := board.bucket(v_search.below - 1, v_level);
    v_found := board.probe(v_level, v_bucket, p_lookup.keys, p_filter, p_exact, v_search.below,
      v_search.wanted - cardinality(v_search.ids));
    v_search.budget := v_search.budget - 100 - numnode(p_lookup.keys)
      - v_found.examined * case when p_exact is null then 1 else 4 end;
    v_search.below := nullif(greatest(v_bottom, v_bucket::bigint << (12 + 3 * v_level)), v_bottom);
    if v_found.ids is not null then
      v_search.ids := v_search.ids || v_found.ids;
      v_search.items := v_search.items || v_found.items;
    elsif p_lookup.meeting and p_exact is null then
      v_bound := least(16384, v_bound * 2);
    end if;
    v_most := least(3, v_most + 1);
  end loop;
  return v_search;
end
$$;

create function board.search_budget() returns integer
language sql immutable as $$ select 8000 $$;

-- One page of a query below an id. The settings keep the planner from plans that look cheap for parameters it
-- cannot see; the caller's own settings play no part.
create function board.search(
  p_query board.alternative[], p_below bigint, p_limit integer, out items text[], out next_id bigint)
language plpgsql volatile
set enable_seqscan = off set enable_bitmapscan = on set enable_indexscan = on set enable_hashjoin = off set enable_mergejoin = off set jit = off
set plan_cache_mode = force_generic_plan set search_path = board, pg_catalog, pg_temp as $$
declare
  v_filter tsquery := filter(p_query);
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
      v_search := search_buckets(v_search, v_filter, v_exact, v_lookup, v_state.counted);
    end if;
  end if;
  items := v_search.items[:p_limit];
  next_id := case when cardinality(v_search.ids) > p_limit then v_search.ids[p_limit] else v_search.below end;
end
$$;

