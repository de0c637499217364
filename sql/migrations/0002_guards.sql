-- What posting and reading cost: spent proofs and rate budgets.

-- The database's clock is the only one: hosts may drift apart. clock_timestamp() and not now(),
-- because a budget must be judged at the moment its row is held, not when the waiting began.
create function board.clock_us() returns bigint
language sql volatile as $$ select (extract(epoch from clock_timestamp()) * 1000000)::bigint $$;

create function board.clock_ms() returns bigint
language sql volatile as $$ select (extract(epoch from clock_timestamp()) * 1000)::bigint $$;

-- A standby, or a primary under maintenance. Nothing may be written then, and a standby cannot even
-- read an unlogged table.
create function board.read_only() returns boolean
language sql stable as $$ select current_setting('transaction_read_only')::boolean $$;

-- A proof pays for one message. Logged, and written in the commit of the message it paid for.
create table board.spent (
  token      bytea primary key, -- SHA-256 of the token
  digest     bytea not null,    -- SHA-256 of the text it paid for
  message_id bigint not null,
  expires_ms bigint not null
);

-- GCRA: one theoretical arrival time for each policy and network. A row whose time has passed says
-- nothing that its absence would not say. Unlogged: a crash forgives everybody. No index but the key, and
-- room on each page: then every update is heap-only.
create unlogged table board.rate_limit (
  tat     bigint not null, -- microseconds since the epoch
  policy  "char" not null, -- p: posts, r: reads
  network bytea not null,
  primary key (network, policy)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 5000);

-- Where the janitor's next batch of each table begins.
create unlogged table board.sweep (
  relation   text primary key,
  next_block bigint not null
) with (fillfactor = 50);

-- What has been posted lately, where the same text is refused for a while: the key is a digest of the text and, for a
-- rule of each network, of the network.
create table board.recent_text (
  key        bytea primary key,
  message_id bigint not null,
  expires_ms bigint not null
);

-- The key under which client networks are digested on a day since the epoch. Forgetting a key makes the day's digests
-- meaningless.
create table board.network_key (
  day integer primary key,
  key bytea not null
);

create function board.today() returns integer
language sql volatile as $$ select floor(extract(epoch from clock_timestamp()) / 86400)::integer $$;

-- 32 bytes of the server's strong randomness: three random UUIDs hold 366 bits of it.
create function board.random_key() returns bytea
language sql volatile as $$
  select sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))
$$;

create function board.refusal(p_status smallint, p_code text, p_retry_after_ms integer default 0)
returns api.answer
language plpgsql volatile as $$
declare
  v_answer api.answer;
begin
  v_answer.status := p_status;
  v_answer.code := p_code;
  v_answer.retry_after_ms := p_retry_after_ms;
  v_answer.clock_ms := board.clock_ms();
  return v_answer;
end
$$;

-- The arrival times of all tiers, read without a lock; 0 for a network that is not known. One key a
-- statement: a join over all of them fell to a bad cached plan when it was measured.
create function board.arrivals(p_policy "char", p_networks bytea[]) returns bigint[]
language plpgsql volatile as $$
declare
  v_tats bigint[] := '{}';
  v_network bytea;
begin
  foreach v_network in array p_networks loop
    v_tats := v_tats || coalesce(
      (select tat from board.rate_limit where network = v_network and policy = p_policy), 0);
  end loop;
  return v_tats;
end
$$;

-- What the arrival times allow at this moment. retry_after_ms is what the next request has to wait for
-- the slowest tier, 0 if it may pass; the quota is the tightest tier's.
create function board.judge(p_tats bigint[], p_emission_us bigint[], p_burst integer[])
returns api.answer
language plpgsql volatile as $$
declare
  v_now bigint := board.clock_us();
  v_answer api.answer;
  v_spare bigint; -- microseconds by which the next request is early enough
  v_left integer;
  v_reset bigint;
begin
  v_answer.status := 200;
  v_answer.retry_after_ms := 0;
  for i in 1 .. cardinality(p_tats) loop
    v_spare := v_now + (p_burst[i] - 1) * p_emission_us[i] - p_tats[i];
    v_left := case when v_spare < 0 then 0 else least(p_burst[i], v_spare / p_emission_us[i] + 1) end;
    v_reset := greatest(0, (p_tats[i] - v_now + 999) / 1000);
    if v_spare < 0 then
      v_answer.retry_after_ms := greatest(v_answer.retry_after_ms, (999 - v_spare) / 1000);
    end if;
    if v_answer.quota_remaining is null or (v_left, -v_reset)
      < (v_answer.quota_remaining, -v_answer.quota_reset_ms) then
      v_answer.quota_remaining := v_left;
      v_answer.quota_reset_ms := v_reset;
    end if;
  end loop;
  v_answer.clock_ms := v_now / 1000;
  return v_answer;
end
$$;

-- Charges every tier, narrowest first so that all sessions lock in one order, and returns the new
-- arrival times; or, when a tier refuses, gives back what was taken and returns null. The clock is asked
-- inside the statement because only there it is asked after the wait for the row.
create function board.take(p_policy "char", p_networks bytea[], p_emission_us bigint[], p_burst integer[])
returns bigint[]
language plpgsql volatile as $$
declare
  v_tats bigint[] := '{}';
  v_tat bigint;
begin
  for i in 1 .. cardinality(p_networks) loop
    insert into board.rate_limit as r (network, policy, tat)
    values (p_networks[i], p_policy, board.clock_us() + p_emission_us[i])
    on conflict (network, policy) do update
      set tat = greatest(r.tat, board.clock_us()) + p_emission_us[i]
      where r.tat - (p_burst[i] - 1) * p_emission_us[i] <= board.clock_us()
    returning r.tat into v_tat;
    if not found then
      for j in 1 .. i - 1 loop -- these rows are still ours: giving back is exact
        update board.rate_limit set tat = tat - p_emission_us[j]
        where network = p_networks[j] and policy = p_policy;
      end loop;
      return null;
    end if;
    v_tats := v_tats || v_tat;
  end loop;
  return v_tats;
end
$$;

-- Is there budget? Takes nothing and locks nothing. 200 without a quota when nothing is to be charged.
create function board.check_budget(
  p_policy "char", p_networks bytea[], p_emission_us bigint[], p_burst integer[])
returns api.answer
language plpgsql volatile as $$
declare
  v_answer api.answer;
begin
  if coalesce(cardinality(p_emission_us), 0) = 0 or board.read_only() then
    return board.refusal(200::smallint, null);
  end if;
  v_answer := board.judge(board.arrivals(p_policy, p_networks), p_emission_us, p_burst);
  if v_answer.retry_after_ms > 0 then
    v_answer.status := 429;
    v_answer.code := 'RATE_LIMITED';
  end if;
  return v_answer;
end
$$;

-- Takes one request out of every tier's budget: 200 with what is left, or 429 and nothing taken. The look
-- before the leap makes a refusal cheap: no lock, no transaction id. It refuses nobody wrongly, because
-- a committed arrival time never goes back; who passes it and then loses the row looks again.
create function board.charge(
  p_policy "char", p_networks bytea[], p_emission_us bigint[], p_burst integer[])
returns api.answer
language plpgsql volatile as $$
declare
  v_answer api.answer;
  v_tats bigint[];
begin
  loop
    v_answer := board.check_budget(p_policy, p_networks, p_emission_us, p_burst);
    if v_answer.status <> 200 or v_answer.quota_remaining is null then
      return v_answer;
    end if;
    v_tats := board.take(p_policy, p_networks, p_emission_us, p_burst);
    exit when v_tats is not null;
  end loop;
  v_answer := board.judge(v_tats, p_emission_us, p_burst);
  v_answer.retry_after_ms := 0;
  return v_answer;
end
$$;

-- The janitor takes each table a few blocks at a time, round and round. Answers the first block of the
-- batch that is due.
create function board.next_batch(p_relation regclass, p_blocks integer) returns bigint
language plpgsql volatile as $$
declare
  v_start bigint;
begin
  select next_block into v_start from board.sweep where relation = p_relation::text;
  if v_start is null or v_start >= board.blocks(p_relation) then
    v_start := 0;
  end if;
  insert into board.sweep (relation, next_block) values (p_relation::text, v_start + p_blocks)
  on conflict (relation) do update set next_block = excluded.next_block;
  return v_start;
end
$$;

create function board.blocks(p_relation regclass) returns bigint
language sql volatile as $$
  select pg_relation_size(p_relation) / current_setting('block_size')::integer
$$;

create function board.block_start(p_block bigint) returns tid
language sql immutable as $$ select format('(%s,0)', p_block)::tid $$;

-- Forgets networks whose budget is full again. Rows that somebody holds are left for the next round.
create function board.sweep_rate_limit(p_blocks integer) returns bigint
language plpgsql volatile as $$
declare
  v_start bigint := board.next_batch('board.rate_limit', p_blocks);
  v_first tid := board.block_start(v_start);
  v_beyond tid := board.block_start(v_start + p_blocks);
  v_now bigint := board.clock_us();
  v_gone bigint;
begin
  delete from board.rate_limit where ctid = any (array(
    select ctid from board.rate_limit
    where ctid >= v_first and ctid < v_beyond and tat < v_now
    for update skip locked));
  get diagnostics v_gone = row_count;
  return v_gone;
end
$$;

-- Forgets proofs a minute after they expired: longer than any post may take, so that no retry which found
-- its token still valid can find the memory of it gone.
create function board.sweep_spent(p_blocks integer) returns bigint
language plpgsql volatile as $$
declare
  v_start bigint := board.next_batch('board.spent', p_blocks);
  v_first tid := board.block_start(v_start);
  v_beyond tid := board.block_start(v_start + p_blocks);
  v_due bigint := board.clock_ms() - 60000;
  v_gone bigint;
begin
  delete from board.spent where ctid = any (array(
    select ctid from board.spent
    where ctid >= v_first and ctid < v_beyond and expires_ms < v_due
    for update skip locked));
  get diagnostics v_gone = row_count;
  return v_gone;
end
$$;

-- Forgets texts that may be posted again. The table is small: a window's worth of posts.
create function board.sweep_recent_text(p_rows integer) returns bigint
language plpgsql volatile as $$
declare
  v_now bigint := board.clock_ms();
  v_gone bigint;
begin
  delete from board.recent_text where ctid = any (array(
    select ctid from board.recent_text where expires_ms < v_now limit p_rows for update skip locked));
  get diagnostics v_gone = row_count;
  return v_gone;
end
$$;

-- Forgets the keys of days that are more than p_days past.
create function board.forget_keys(p_days integer) returns bigint
language plpgsql volatile as $$
declare
  v_gone bigint;
begin
  delete from board.network_key where day < board.today() - p_days;
  get diagnostics v_gone = row_count;
  return v_gone;
end
$$;

-- Moves what writers appended into the total, in one statement, so that no reader's sum ever misses or
-- doubles a message.
create function board.fold_count(p_rows integer) returns bigint
language plpgsql volatile as $$
declare
  v_folded bigint;
begin
  with folded as (
    delete from board.message_change
    where ctid = any (array(select ctid from board.message_change limit p_rows))
    returning change
  ), added as (
    update board.message_total set total = total + (select sum(change) from folded)
    where exists (select from folded)
  )
  select count(*) into v_folded from folded;
  return v_folded;
end
$$;
