-- What is known of the words of all messages, learned behind the writers' backs by the janitor.

create function board.bucket(p_id bigint, p_level integer) returns integer
language sql immutable strict parallel safe as $$ select (p_id >> (12 + 3 * p_level))::integer $$;

-- What a message is indexed by: its words, and the first two letters of the longer ones as "^ab", so
-- that short prefixes are answered without a look at every word that has them.
create function board.keys(p_terms tsvector) returns tsvector
language plpgsql immutable strict parallel safe as $$
begin
  return p_terms || array_to_tsvector(array(
    select '^' || left(word, 2) from unnest(tsvector_to_array(p_terms)) as word
    where char_length(word) > 2));
end
$$;

-- Every key there is, up to message_state.settled: what a prefix stands for.
create table board.vocabulary (
  key text collate "C" primary key
);

-- Keys that are in at least 64 messages of a chapter, a bucket of 32768 ids. Only the cost of a search depends
-- on it, never its result.
create table board.dense_key (
  key      text collate "C" not null,
  chapter  integer not null,
  messages integer not null,
  primary key (key, chapter)
);

create table board.message_state (
  one          boolean primary key default true check (one),
  settled      bigint not null, -- the vocabulary knows every message up to this id, hidden or not
  counted      bigint not null, -- dense keys are known of the ids below this one
  awaited      bigint not null, -- settled goes up to here next,
  awaited_from text[] not null  -- when these transactions, which may still write below it, have ended
);
insert into board.message_state values (true, 0, 0, 0, '{}');

-- Transactions that have drawn an id and not ended: they hold a lock on the sequence.
create function board.drawing() returns text[]
language sql volatile as $$
  select coalesce(array_agg(virtualtransaction), '{}') from pg_locks
  where locktype = 'relation' and mode = 'RowExclusiveLock' and pid <> pg_backend_pid()
    and relation = 'board.message_id_seq'::regclass
    and database = (select oid from pg_database where datname = current_database())
$$;

-- Every message that is visible or may become so.
create view board.possible_message as
  select id, terms from board.message
  union all select id, board.terms(body) from board.hidden;

-- Adds the keys of a range of ids to the vocabulary.
create function board.learn_keys(p_above bigint, p_to bigint) returns void
language sql volatile as $$
  insert into board.vocabulary (key)
  select distinct key from (
    select distinct word from board.possible_message, unnest(tsvector_to_array(terms)) as word
    where id > p_above and id <= p_to and not board.is_run(word)) as w,
    unnest(array[word, '^' || left(word, 2)]) as key
  order by key
  on conflict do nothing
$$;

-- Of words the first three letters, "^abc". Counted, to know how many messages a longer prefix can have; not indexed.
create function board.starts(p_terms tsvector) returns text[]
language plpgsql immutable strict parallel safe as $$
begin
  return array(select distinct '^' || left(word, 3) from unnest(tsvector_to_array(p_terms)) as word
    where char_length(word) > 2);
end
$$;

-- Every fourth message is enough to know what is dense.
create function board.count_dense_keys(p_chapter integer) returns void
language sql volatile as $$
  insert into board.dense_key (key, chapter, messages)
  select key, p_chapter, 4 * count(*)
  from board.message, unnest(tsvector_to_array(board.keys(terms)) || board.starts(terms)) as key
  where id >= p_chapter::bigint << 15 and id < (p_chapter + 1)::bigint << 15 and id % 4 = 0
  group by key having count(*) >= 16
  on conflict (key, chapter) do update set messages = excluded.messages
$$;

-- Learns the words of the next settled messages, and every now and then which keys are dense among them. An id
-- is settled when it was drawn and nobody is left who may still write it or one below. Answers how much is
-- left to do at once, in ids.
create function board.settle(p_ids integer) returns bigint
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
  -- The newest chapter is counted four times while it fills; in a hurry only once.
  v_step := case when v_state.awaited - v_state.counted > 65536 then 32768 else 8192 end;
  if v_state.settled + 1 >= (v_state.counted / v_step + 1) * v_step then
    perform board.count_dense_keys(board.bucket(v_state.counted, 1));
    v_state.counted := (v_state.counted / v_step + 1) * v_step;
  end if;
  update board.message_state set settled = v_state.settled, counted = v_state.counted,
    awaited = v_state.awaited, awaited_from = v_state.awaited_from
  where (settled, counted, awaited, awaited_from)
    is distinct from (v_state.settled, v_state.counted, v_state.awaited, v_state.awaited_from);
  return case when v_state.awaited_from = '{}' then v_state.awaited - v_state.settled else 0 end
    + case when v_state.settled - v_state.counted >= v_step then v_step else 0 end;
end
$$;
