-- SPDX-License-Identifier: MIT
-- The cheapest way to fill a page: a search weighs the ways that it could go on by what they will cost until the page is
-- full, by what is known of how many messages have its words.

-- A way to ask the index. What is expected is said of the books up to and with each, so that two elements tell what
-- is expected between them.
create type board.inquiry as (
  keys     tsquery,  -- every match satisfies it
  list     tsquery,  -- and this, if it is not null: a long list of words, apart, as the index leaps better then
  number   integer,  -- of keys, those of the list included
  complete boolean,  -- and whatever satisfies it matches, but for what is excluded and for phrases
  meeting  boolean,  -- several conditions have to meet in a match
  scarcest float8[], -- messages that satisfy the scarcest of the conditions
  rows     float8[], -- messages that satisfy them all, if they meet by chance
  hits     float8[], -- matches
  denser   float8,   -- messages in all books that satisfy the others, added up
  listed   float8    -- messages in all books with a word of a long list
);

-- Is it less work to ask the index for one more condition than to read the messages that do not meet it? See board.pass.
create function board.is_worth_asking(p_one board.condition, p_rows float8) returns boolean
language sql immutable as $$
  select 0.006 * p_one.total + 0.006 * (p_one.number - 1) * p_rows
    <= 1.8 * p_rows * (1 - p_one.total / (262144 * cardinality(p_one.expected)))
$$;

-- Asks for the scarcest condition, and for those others that are worth it.
create function board.inquiry(p_conditions board.condition[], p_complete boolean) returns board.inquiry
language plpgsql stable as $$
declare
  v_inquiry board.inquiry := (null, null, 0, p_complete, false, null, null, null, 0, 0);
  v_one board.condition;
  v_first boolean;
  v_total float8; -- of messages that are left to be read
begin
  for v_one in select c.* from unnest(p_conditions) as c order by c.total, c.number loop
    v_first := v_inquiry.number = 0;
    v_inquiry.hits := case when v_first then v_one.hits else board.meeting(v_inquiry.hits, v_one.hits) end;
    if not v_first and not board.is_worth_asking(v_one, v_total) then
      v_inquiry.complete := false;
      continue;
    end if;
    if v_one.number > 8 then
      v_inquiry.list := coalesce(v_inquiry.list && v_one.keys, v_one.keys);
      v_inquiry.listed := v_inquiry.listed + v_one.total;
    else
      v_inquiry.keys := coalesce(v_inquiry.keys && v_one.keys, v_one.keys);
    end if;
    v_inquiry.number := v_inquiry.number + v_one.number;
    v_inquiry.complete := v_inquiry.complete and v_one.exact;
    v_inquiry.meeting := not v_first;
    if v_first then
      v_inquiry.scarcest := v_one.expected;
      v_inquiry.rows := v_one.expected;
    else
      v_inquiry.rows := board.meeting(v_inquiry.rows, v_one.expected);
      v_inquiry.denser := v_inquiry.denser + v_one.total;
    end if;
    v_total := (select sum(r) from unnest(v_inquiry.rows) as r);
  end loop;
  if v_inquiry.keys is null then
    v_inquiry.keys := v_inquiry.list;
    v_inquiry.list := null;
  end if;
  return v_inquiry;
end
$$;

-- Asks for what satisfies the one or the other.
create function board.either(p_one board.inquiry, p_other board.inquiry) returns board.inquiry
language plpgsql immutable as $$
begin
  if p_one is null then
    return p_other;
  end if;
  return (coalesce(p_one.keys && p_one.list, p_one.keys) || coalesce(p_other.keys && p_other.list, p_other.keys), null,
    p_one.number + p_other.number, p_one.complete and p_other.complete, p_one.meeting or p_other.meeting,
    board.union(p_one.scarcest, p_other.scarcest), board.union(p_one.rows, p_other.rows), board.union(p_one.hits, p_other.hits),
    p_one.denser + p_other.denser, p_one.listed + p_other.listed)::board.inquiry;
end
$$;

-- The ways to ask the index for a query, one or two: the finer one has longer lists of words, the coarser one finds more
-- messages that do not match. None when no settled message can match; null when the index cannot be asked.
create function board.inquiries(p_query board.alternative[], p_counted bigint) returns board.inquiry[]
language plpgsql stable as $$
declare
  v_alternative board.alternative;
  v_found record;
  v_one board.inquiry;
  v_finer board.inquiry;
  v_coarser board.inquiry;
  v_coarse board.condition[];
  v_any boolean := false;
begin
  foreach v_alternative in array p_query loop
    v_found := board.conditions(v_alternative.words, p_counted);
    continue when v_found.conditions is null;
    if v_found.conditions = '{}' then
      return null;
    end if;
    v_one := board.inquiry(v_found.conditions, v_found.complete);
    v_coarse := board.coarser(v_found.conditions, p_counted);
    v_finer := board.either(v_finer, v_one);
    v_coarser := board.either(v_coarser, case when v_coarse is null then v_one
      else board.inquiry(v_coarse, v_found.complete) end);
    v_any := v_any or v_coarse is not null;
  end loop;
  if v_finer is null then
    return '{}';
  end if;
  return array(select (i.keys, i.list, i.number, i.complete, i.meeting, board.up_to_each(i.scarcest),
      board.up_to_each(i.rows), board.up_to_each(i.hits), i.denser, i.listed)::board.inquiry
    from unnest(case when v_any then array[v_finer, v_coarser] else array[v_finer] end) as i);
end
$$;

-- Of what is expected up to each book, what is in the books from one to another. Books after the last that was
-- counted are like that.
create function board.between(p_up_to_each float8[], p_first integer, p_last integer) returns float8
language sql immutable as $$
  select p_up_to_each[least(p_last + 1, cardinality(p_up_to_each))]
    - coalesce(p_up_to_each[least(p_first, cardinality(p_up_to_each) - 1)], 0)
$$;

-- A way to go on: a bucket, or for level 4 the whole index, that is asked by one of the inquiries.
create type board.way as (
  inquiry integer,
  level   integer,
  first   bigint, -- id of the bucket
  rows    float8, -- that are expected to be found
  hits    float8, -- of these, below where it goes on
  pass    float8, -- work of the index
  work    float8, -- with that of reading the rows
  total   float8  -- work until the page is full, if it goes on like that
);

-- Work is in microseconds of a good machine. The index keeps a bucket's ids in pages of 8000. Each to which a message with
-- the scarcest condition leads is unpacked from there on, for 0.0025 an id, and what satisfies the others for 0.01. Without a
-- bucket the index takes 0.05 for each of these messages, and for the other conditions 11, unless it passes by all that satisfy
-- them for 0.006 each.
-- A list of words costs 3 for each, and 0.006 for each at each of the messages with the scarcest condition; or as a prefix,
-- without a bucket, 0.2 for each of its own messages. To read a message takes 0.6, or 1.8 to see if it
-- matches, or 2.5 to look for a phrase, and 1.5 more where they lie far apart.
create function board.pass(p_one board.inquiry, p_level integer, p_ids float8, p_scarcest float8) returns float8
language sql immutable as $$
  select 60 + 3 * p_one.number + case when p_level < 4
    then 0.0025 * p_ids * p_scarcest / (p_scarcest + p_ids / 8000) + (0.06 + 0.006 * p_one.number) * p_scarcest
      + 0.01 * p_one.denser * p_ids / (262144 * cardinality(p_one.rows))
    else 0.05 * p_scarcest + least(0.006 * p_one.number * p_scarcest, 0.2 * nullif(p_one.listed, 0))
      + least(11 * p_scarcest, 0.006 * p_one.denser) end
$$;

-- The cheapest way to go on below an id for so many messages. What was found so far, compared with what was
-- expected, corrects what is expected further down: rows by p_rows, hits by p_hits. But a bucket of level 2 or more
-- is not asked for what was dense there when it was counted, even if nothing was left of it so far. No way of more work
-- than p_most is chosen, and no bucket above level p_level, but one of level 0 at the worst; the whole index where
-- p_all says so.
create function board.cheapest(
  p_inquiries board.inquiry[], p_below bigint, p_top bigint, p_missing integer, p_cost float8, p_rows float8, p_hits float8,
  p_most float8, p_level integer, p_all boolean)
returns board.way
language plpgsql stable as $$
declare
  v_best board.way;
  v_way board.way;
  v_one board.inquiry;
  v_cost float8;
  v_ids float8;
  v_first integer;
  v_last integer;
  v_share float8;
begin
  for v_inquiry in 1 .. cardinality(p_inquiries) loop
    v_one := p_inquiries[v_inquiry];
    v_cost := case when v_one.complete then p_cost else greatest(p_cost, 1.8) end;
    for v_level in 0 .. 4 loop
      continue when v_level between p_level + 1 and 3 or v_level = 4 and not p_all;
      v_ids := 4096 << (3 * v_level);
      v_way.inquiry := v_inquiry;
      v_way.level := v_level;
      v_way.first := case when v_level < 4 then (p_below - 1) >> (12 + 3 * v_level) << (12 + 3 * v_level) else 0 end;
      v_first := v_way.first >> 18;
      v_last := case v_level when 3 then v_way.first + 2097151 when 4 then p_top else v_way.first end >> 18;
      v_share := least(1, v_ids / 262144);
      v_way.rows := p_rows * v_share * board.between(v_one.rows, v_first, v_last);
      v_way.hits := p_hits * v_share * board.between(v_one.hits, v_first, v_last);
      v_way.pass := board.pass(v_one, v_level, v_ids,
        case when v_one.meeting then v_share * board.between(v_one.scarcest, v_first, v_last) else v_way.rows end);
      v_way.work := v_way.pass + v_way.rows * case when v_level < 3 then v_cost else v_cost + 1.5 end;
      v_way.total := v_way.work
        * case when v_level < 4 then greatest(1, least(p_missing / nullif(v_way.hits, 0), p_below / v_ids)) else 1 end;
      if v_best.total is null or v_way.total < v_best.total and v_way.work <= p_most
        and (v_level < 2 or v_way.rows <= 8192 * p_rows) then
        v_best := v_way;
      end if;
    end loop;
  end loop;
  -- The newest bucket may not be full, and of any a part may be above.
  if v_best.level < 3 then
    v_best.rows := v_best.rows * least(1, (p_top - v_best.first + 1.0) / (4096 << (3 * v_best.level)));
    v_best.hits := v_best.hits * (p_below - v_best.first) / (4096 << (3 * v_best.level));
  end if;
  return v_best;
end
$$;

-- As before, but never more than p_most rows and one, and with a list apart.
create function board.candidates(
  p_level integer, p_bucket integer, p_keys tsquery, p_list tsquery, p_filter tsquery, p_outlines text[], p_below bigint,
  p_most integer, out ids bigint[], out examined integer)
language plpgsql stable as $$
begin
  if p_level = 0 and p_list is null then
    select array_agg(id order by id desc) filter (where id < p_below
      and (p_filter is null or terms @@ p_filter) and board.looks_like(body, p_outlines)), count(*) into ids, examined
    from (select id, body, terms from board.message
      where board.bucket(id, 0) = p_bucket and board.keys(terms) @@ p_keys limit p_most + 1) as m;
  elsif p_level = 1 and p_list is null then
    select array_agg(id order by id desc) filter (where id < p_below
      and (p_filter is null or terms @@ p_filter) and board.looks_like(body, p_outlines)), count(*) into ids, examined
    from (select id, body, terms from board.message
      where board.bucket(id, 1) = p_bucket and board.keys(terms) @@ p_keys limit p_most + 1) as m;
  elsif p_level = 2 and p_list is null then
    select array_agg(id order by id desc) filter (where id < p_below
      and (p_filter is null or terms @@ p_filter) and board.looks_like(body, p_outlines)), count(*) into ids, examined
    from (select id, body, terms from board.message
      where board.bucket(id, 2) = p_bucket and board.keys(terms) @@ p_keys limit p_most + 1) as m;
  elsif p_level = 3 and p_list is null then
    select array_agg(id order by id desc) filter (where id < p_below
      and (p_filter is null or terms @@ p_filter) and board.looks_like(body, p_outlines)), count(*) into ids, examined
    from (select id, body, terms from board.message
      where board.bucket(id, 3) = p_bucket and board.keys(terms) @@ p_keys limit p_most + 1) as m;
  elsif p_level = 4 and p_list is null then
    select array_agg(id order by id desc) filter (where id < p_below
      and (p_filter is null or terms @@ p_filter) and board.looks_like(body, p_outlines)), count(*) into ids, examined
    from (select id, body, terms from board.message
      where board.keys(terms) @@ p_keys limit p_most + 1) as m;
  elsif p_level = 0 and p_list is not null then
    select array_agg(id order by id desc) filter (where id < p_below
      and (p_filter is null or terms @@ p_filter) and board.looks_like(body, p_outlines)), count(*) into ids, examined
    from (select id, body, terms from board.message
      where board.bucket(id, 0) = p_bucket and board.keys(terms) @@ p_keys and board.keys(terms) @@ p_list limit p_most + 1) as m;
  elsif p_level = 1 and p_list is not null then
    select array_agg(id order by id desc) filter (where id < p_below
      and (p_filter is null or terms @@ p_filter) and board.looks_like(body, p_outlines)), count(*) into ids, examined
    from (select id, body, terms from board.message
      where board.bucket(id, 1) = p_bucket and board.keys(terms) @@ p_keys and board.keys(terms) @@ p_list limit p_most + 1) as m;
  elsif p_level = 2 and p_list is not null then
    select array_agg(id order by id desc) filter (where id < p_below
      and (p_filter is null or terms @@ p_filter) and board.looks_like(body, p_outlines)), count(*) into ids, examined
    from (select id, body, terms from board.message
      where board.bucket(id, 2) = p_bucket and board.keys(terms) @@ p_keys and board.keys(terms) @@ p_list limit p_most + 1) as m;
  elsif p_level = 3 and p_list is not null then
    select array_agg(id order by id desc) filter (where id < p_below
      and (p_filter is null or terms @@ p_filter) and board.looks_like(body, p_outlines)), count(*) into ids, examined
    from (select id, body, terms from board.message
      where board.bucket(id, 3) = p_bucket and board.keys(terms) @@ p_keys and board.keys(terms) @@ p_list limit p_most + 1) as m;
  else
    select array_agg(id order by id desc) filter (where id < p_below
      and (p_filter is null or terms @@ p_filter) and board.looks_like(body, p_outlines)), count(*) into ids, examined
    from (select id, body, terms from board.message
      where board.keys(terms) @@ p_keys and board.keys(terms) @@ p_list limit p_most + 1) as m;
  end if;
end
$$;

-- Goes down by the cheapest ways. Where there is much more than was expected, nothing of it counts: then that bucket is
-- taken by smaller ones.
create function board.search_ways(
  p_search board.progress, p_filter tsquery, p_exact board.alternative[], p_inquiries board.inquiry[], p_top bigint)
returns board.progress
language plpgsql volatile as $$
declare
  v_search board.progress := p_search;
  v_bottom bigint := (select min(id) from board.message);
  v_cost float8 := case when p_exact is null then 0.6 else 2.5 end; -- of a row
  v_outlines text[] := board.outlines(p_exact);
  v_plain boolean := p_filter::text not like '%!%';
  v_all boolean := true;
  v_level integer := 3;
  v_again bigint := 0;       -- where v_level ends
  v_seen float8 := 4;        -- rows, and how many were expected
  v_expected float8 := 4;
  v_guessed float8 := 0;     -- of these, for words that are not known
  v_hits float8 := case when p_exact is null then 4 else 1 end; -- likewise
  v_likely float8 := 4;
  v_rows float8;
  v_rate float8;
  v_way board.way;
  v_one board.inquiry;
  v_prefix boolean; -- are prefixes asked for themselves
  v_most integer;
  v_found record;
  v_hit record;
begin
  while not board.finished(v_search) loop
    v_rows := v_seen / least(greatest(v_seen, v_expected - v_guessed), v_expected);
    v_rate := v_hits / v_likely;
    v_way := board.cheapest(p_inquiries, v_search.below, p_top, v_search.wanted - cardinality(v_search.ids), v_cost, v_rows,
      v_rate, greatest(v_search.budget, 500), v_level, v_all);
    v_one := p_inquiries[v_way.inquiry];
    v_prefix := v_way.level = 4 and 0.2 * nullif(v_one.listed, 0) < 0.006 * v_one.number * v_one.scarcest[cardinality(v_one.scarcest)];
    v_most := case when v_way.level = 0 then 4096 else 2500 / v_cost + 4 * v_way.rows end;
    v_found := board.candidates(v_way.level, (v_way.first >> (12 + 3 * v_way.level))::integer,
      case when v_prefix then p_filter else v_one.keys end, case when v_prefix then null else v_one.list end,
      case when v_one.complete and v_plain then null else p_filter end, v_outlines, v_search.below, v_most);
    v_search.budget := v_search.budget - v_way.pass - v_found.examined * v_cost
      - case when p_exact is null then 0 else 15 * coalesce(cardinality(v_found.ids), 0) end;
    v_seen := v_seen + v_found.examined;
    v_expected := v_expected + v_way.rows / v_rows;
    v_guessed := v_guessed + case when v_one.meeting then 0 else v_one.number * (v_search.below - v_way.first) / 131072.0 end;
    if v_found.examined > v_most and v_way.level = 4 then
      v_all := false;
      continue;
    elsif v_found.examined > v_most then
      v_level := v_way.level - 1;
      v_again := v_way.first;
      continue;
    end if;
    if v_found.ids is not null then
      v_hit := board.hits(v_found.ids, p_exact, v_search.wanted - cardinality(v_search.ids));
      v_search.ids := v_search.ids || v_hit.ids;
      v_search.items := v_search.items || v_hit.items;
      v_hits := v_hits + coalesce(cardinality(v_hit.ids), 0);
    end if;
    v_likely := v_likely + v_way.hits / v_rate;
    v_search.below := case when v_way.level < 4 then nullif(greatest(v_bottom, v_way.first), v_bottom) end;
    if v_search.below <= v_again then
      v_level := 3;
    end if;
  end loop;
  return v_search;
end
$$;

-- In what would be microseconds on a good machine: little enough that four clients on two processors have their pages
-- within 30 milliseconds, and enough that of ordinary searches hardly one in thirty ends early.
create or replace function board.search_budget() returns integer
language sql immutable as $$ select 6000 $$;

-- As before; hands that on.
create or replace function board.search(
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
  v_inquiries inquiry[];
  v_search progress := ('{}', '{}', p_below, p_limit + 1, search_budget(),
    clock_timestamp() + search_budget() * interval '7 microseconds');
begin
  select * into v_state from message_state;
  v_search := search_rows(v_search, v_filter, v_exact,
    case when v_prefix then v_state.settled + 1 else 9223372036854775807 end);
  if not finished(v_search) then
    v_inquiries := inquiries(p_query, v_state.counted);
    if v_inquiries = '{}' then
      v_search.below := null;
    elsif v_inquiries is null then
      v_search := search_rows(v_search, v_filter, v_exact, 0);
    else
      v_search := search_ways(v_search, v_filter, v_exact, v_inquiries, greatest(v_state.settled, v_search.below - 1));
    end if;
  end if;
  items := v_search.items[:p_limit];
  next_id := case when cardinality(v_search.ids) > p_limit then v_search.ids[p_limit] else v_search.below end;
end
$$;

-- For searches that are under way while this is applied: they may still call what was used before, which a later
-- release will drop as this one does with what 0010 left.
create or replace function board.bounds(p_keys text[], p_chapters integer) returns integer[]
language sql stable strict as $$
  select array_fill(least(32768, 63 * cardinality(p_keys)), array[p_chapters])
$$;
drop function board.probe(integer, integer, tsquery, tsquery, board.alternative[], bigint, integer),
  board.search_buckets(board.progress, tsquery, board.alternative[], board.lookup, bigint),
  board.level(integer[], bigint, integer, integer), board.count_dense_keys(integer);
drop table board.dense_key;
