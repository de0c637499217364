-- SPDX-License-Identifier: MIT
-- How many messages of each part of the board have a key.
--
-- What was known before was which keys are in one of 512 messages of a chapter. Of all others it was known only that
-- they are not, so that a search learned on its way down, step by step, whether they are middling or
-- scarce. Now keys are counted in larger parts of the board, so that a key is known when it is in one of 32768 messages.

-- By key, the messages with it in each book, a bucket of level 2 with 262144 ids, and in each volume, a bucket of level
-- 3 with 2097152, where there are at least 64 of them. The element of bucket 0 has subscript 1. Only
-- the cost of a search depends on it, never its result. Rows grow with each book: there is room left for that.
create table board.density (
  key     text collate "C" primary key,
  books   integer[],
  volumes integer[]
) with (fillfactor = 70);

-- Keys in what there is of a bucket, that are in 64 messages or more. One message of p_each is looked at, in runs of 64
-- so that the others need not be read.
create function board.frequent_keys(p_level integer, p_bucket integer, p_each integer)
returns table (key text, messages integer)
language sql stable as $$
  select key, (p_each * count(*))::integer
  from generate_series(p_bucket::bigint << (12 + 3 * p_level), ((p_bucket + 1)::bigint << (12 + 3 * p_level)) - 1, 64 * p_each) as first,
    board.message as m, unnest(tsvector_to_array(board.keys(terms)) || board.starts(terms)) as key
  where m.id >= first and m.id < first + 64
  group by key having p_each * count(*) >= 64
$$;

create function board.count_book(p_book integer) returns void
language sql volatile as $$
  insert into board.density as d (key, books)
  select key, array_fill(messages, array[1], array[p_book + 1]) from board.frequent_keys(2, p_book, 8)
  on conflict (key) do update set books[p_book + 1] = excluded.books[p_book + 1]
$$;

create function board.count_volume(p_volume integer) returns void
language sql volatile as $$
  insert into board.density as d (key, volumes)
  select key, array_fill(messages, array[1], array[p_volume + 1]) from board.frequent_keys(3, p_volume, 16)
  on conflict (key) do update set volumes[p_volume + 1] = excluded.volumes[p_volume + 1]
$$;

-- As before, but counts books and volumes.
create or replace function board.settle(p_ids integer) returns bigint
language plpgsql volatile as $$
declare
  v_state board.message_state;
  v_to bigint;
  v_step integer;
begin
  select * into v_state from board.message_state for update;
  if v_state.settled >= v_state.awaited then
    -- The sequence first: whoever draws after this look draws a higher id.
    select case when is_called then last_value else last_value - 1 end into v_state.awaited
    from board.message_id_seq;
    v_state.awaited_from := board.drawing();
  end if;
  if not v_state.awaited_from && board.drawing() then
    v_to := least(v_state.awaited, v_state.settled + p_ids);
    perform board.learn_keys(v_state.settled, v_to);
    v_state.settled := v_to;
    v_state.awaited_from := '{}';
  end if;
  -- A book and a volume are counted when they are full, but the first ones whenever they have doubled.
  v_step := least(262144, greatest(32768, v_state.counted));
  if v_state.settled + 1 >= (v_state.counted / v_step + 1) * v_step then
    v_state.counted := (v_state.counted / v_step + 1) * v_step;
    perform board.count_book(board.bucket(v_state.counted - 1, 2));
    if v_state.counted % 2097152 = 0 or v_state.counted in (262144, 524288, 1048576) then
      perform board.count_volume(board.bucket(v_state.counted - 1, 3));
    end if;
  end if;
  update board.message_state set settled = v_state.settled, counted = v_state.counted,
    awaited = v_state.awaited, awaited_from = v_state.awaited_from
  where (settled, counted, awaited, awaited_from)
    is distinct from (v_state.settled, v_state.counted, v_state.awaited, v_state.awaited_from);
  return case when v_state.awaited_from = '{}' then v_state.awaited - v_state.settled else 0 end
    + case when v_state.settled - v_state.counted >= v_step then v_step else 0 end;
end
$$;

-- How many messages of each book that was counted are expected to have one of the keys. Of a key that is not known there
-- are two in a book: were there eight or more, it would be known in the volume. A volume that is not full is taken to
-- be like the one before it; the first book and the first volume are taken to go on as they began.
create function board.expected(p_keys text[], p_counted bigint) returns float8[]
language plpgsql stable as $$
declare
  v_full integer := board.bucket(p_counted, 2); -- books
  v_volumes integer := greatest(1, v_full / 8);
  v_parts integer := case when v_full >= 8 then 8 when v_full >= 4 then 4 when v_full >= 2 then 2 else 1 end; -- of a volume
  v_expected float8[] := array_fill(0, array[greatest(1, v_full)]);
  v_each float8[] := array_fill(0, array[v_volumes]); -- in each book of a volume, of keys that are known only by volume
  v_unknown float8 := 2 * cardinality(p_keys);
  v_key board.density;
begin
  for v_key in select d.* from board.density as d where key = any (p_keys) loop
    v_unknown := v_unknown - 2;
    if v_key.books is null then
      for v_volume in 1 .. v_volumes loop
        v_each[v_volume] := v_each[v_volume] + coalesce(v_key.volumes[v_volume] / v_parts, 2);
      end loop;
    else
      for v_book in 1 .. cardinality(v_expected) loop
        v_expected[v_book] := v_expected[v_book] + coalesce(v_key.books[v_book],
          least(64, coalesce(v_key.volumes[least((v_book + 7) / 8, v_volumes)] / v_parts, 2)));
      end loop;
    end if;
  end loop;
  if v_full = 0 then
    v_expected[1] := v_expected[1] * 262144 / greatest(1, p_counted);
  end if;
  for v_book in 1 .. cardinality(v_expected) loop
    v_expected[v_book] := least(262144, v_expected[v_book] + v_each[least((v_book + 7) / 8, v_volumes)] + v_unknown);
  end loop;
  return v_expected;
end
$$;

create function board.meeting(p_one float8[], p_other float8[]) returns float8[]
language plpgsql immutable as $$
begin
  return array(select o * t / 262144 from unnest(p_one, p_other) as b (o, t));
end
$$;

create function board.union(p_one float8[], p_other float8[]) returns float8[]
language plpgsql immutable as $$
begin
  return array(select o + t from unnest(p_one, p_other) as b (o, t));
end
$$;

create function board.up_to_each(p_books float8[]) returns float8[]
language plpgsql immutable as $$
declare
  v_up_to_each float8[] := p_books;
begin
  for v_book in 2 .. cardinality(p_books) loop
    v_up_to_each[v_book] := v_up_to_each[v_book - 1] + v_up_to_each[v_book];
  end loop;
  return v_up_to_each;
end
$$;

-- One requirement among those of an alternative, as the index can be asked for it.
create type board.condition as (
  words    text,
  keys     tsquery,
  number   integer,  -- of keys
  exact    boolean,  -- the keys stand for the words and for nothing else
  expected float8[], -- messages with the keys in each book
  hits     float8[], -- and of these, messages with the words
  total    float8    -- messages with the keys
);

-- p_hits is given where it is known.
create function board.condition(p_words text, p_keys text[], p_counted bigint, p_hits float8[] default null)
returns board.condition
language plpgsql stable as $$
declare
  v_one board.condition;
begin
  v_one.words := p_words;
  -- The first is most likely to be the one that a message has, and the others are not looked at then.
  v_one.keys := (select string_agg(board.quoted(k), ' | (' order by char_length(k), k) || repeat(')', cardinality(p_keys) - 1)
    from unnest(p_keys) as k)::tsquery;
  v_one.number := cardinality(p_keys);
  v_one.exact := board.is_exact(p_words, p_keys);
  v_one.expected := board.expected(p_keys, p_counted);
  v_one.hits := coalesce(p_hits, v_one.expected);
  if p_hits is null and p_words ~ '^[^|]{3,}:[*]$' then
    v_one.hits := array(select least(e, s)
      from unnest(v_one.expected, board.expected(array['^' || left(p_words, 3)], p_counted)) as b (e, s));
    if v_one.exact then
      v_one.expected := v_one.hits;
    end if;
  end if;
  v_one.total := (select sum(e) from unnest(v_one.expected) as e);
  return v_one;
end
$$;

-- The conditions of an alternative by which the index can be asked, and whether they are all; null when no settled message
-- can match. Of many the longest are considered, because long words are scarce.
create function board.conditions(p_words text[], p_counted bigint, out conditions board.condition[], out complete boolean)
language plpgsql stable as $$
declare
  v_words text;
  v_keys text[];
begin
  conditions := '{}';
  complete := true;
  for v_words in select w from unnest(p_words) as w order by char_length(w) desc loop
    v_keys := board.expand_requirement(v_words);
    if v_keys = '{}' then
      conditions := null;
      return;
    elsif v_keys is null or cardinality(conditions) = 8 then
      complete := false;
    else
      conditions := conditions || board.condition(v_words, v_keys, p_counted);
    end if;
  end loop;
end
$$;

-- The same, but of long lists of words that a prefix stands for only the first two letters; null where there are none.
create function board.coarser(p_conditions board.condition[], p_counted bigint) returns board.condition[]
language plpgsql stable as $$
declare
  v_conditions board.condition[] := '{}';
  v_one board.condition;
  v_any boolean := false;
begin
  foreach v_one in array p_conditions loop
    if v_one.number > 8 and v_one.words ~ '^[^|]{3,}:[*]$' then
      v_one := board.condition(v_one.words, array['^' || left(v_one.words, 2)], p_counted, v_one.hits);
      v_any := true;
    end if;
    v_conditions := v_conditions || v_one;
  end loop;
  return case when v_any then v_conditions end;
end
$$;

-- All is counted anew, by the janitor.
update board.message_state set counted = 0;
