-- Moderation: who took what away and why, who may not post, what waits for approval, what readers report.

-- Everything that was done to messages and rules, by whoever: the triggers below write it, so that nobody
-- needs to remember to. Nothing in it is ever changed.
create table board.audit (
  n          bigint generated always as identity primary key,
  at         timestamptz not null default clock_timestamp(),
  who        text not null,
  action     text not null,
  message_id bigint,
  reason     text
);

create index audit_message on board.audit (message_id);

-- The session's role, and the person if the session names one (initialsdb.actor).
create function board.actor() returns text
language sql stable as $$
  select session_user || coalesce(' ' || nullif(current_setting('initialsdb.actor', true), ''), '')
$$;

create function board.reason() returns text
language sql stable as $$ select nullif(current_setting('initialsdb.reason', true), '') $$;

create function board.keep_audit() returns trigger
language plpgsql as $$
begin
  raise exception 'the audit is never changed';
end
$$;

create trigger keep_audit before update or delete or truncate on board.audit
  for each statement execute function board.keep_audit();

-- Messages that wait for a moderator, while hold is on.
create table board.held (
  id         bigint primary key,
  created_at timestamptz not null default clock_timestamp(),
  body       text not null,
  network    bytea
);

-- The words of messages that wait are learned like those of hidden ones.
create or replace view board.possible_message as
  select id, terms from board.message
  union all select id, board.terms(body) from board.hidden
  union all select id, board.terms(body) from board.held;

-- One row: how the board is run just now.
create table board.mode (
  one  boolean primary key default true check (one),
  hold boolean not null default false
);
insert into board.mode default values;

-- Networks that may not post. A digest under the key of a day: the database does not know whose it is, and the ban
-- ends at the latest when that key is forgotten.
create table board.ban (
  n          bigint generated always as identity primary key,
  digest     bytea not null,
  label      text not null, -- what the moderator called it: the message it came from, never an address
  reason     text not null,
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null
);
create index ban_digest on board.ban (digest);

-- Words that may not occur.
create table board.refused_word (
  word text primary key
);

-- What readers think a moderator should look at, once for each network.
create table board.report (
  message_id bigint not null,
  network    bytea not null,
  at         timestamptz not null default clock_timestamp(),
  reason     text,
  primary key (message_id, network)
);

-- ---- what the triggers write ----

create function board.write_audit(p_action text, p_ids bigint[], p_reason text default board.reason()) returns void
language sql as $$
  insert into board.audit (who, action, message_id, reason)
  select board.actor(), p_action, id, p_reason from unnest(p_ids) as id order by id
$$;

-- A message leaves the board: hidden, or, by hand in psql, deleted.
create function board.audit_message_removed() returns trigger
language plpgsql as $$
begin
  perform board.write_audit('delete', array(
    select id from removed where not exists (select from board.hidden as h where h.id = removed.id)));
  return null;
end
$$;

create function board.audit_hidden_added() returns trigger
language plpgsql as $$
begin
  perform board.write_audit('hide', array(select id from added));
  return null;
end
$$;

create function board.audit_hidden_removed() returns trigger
language plpgsql as $$
begin
  perform board.write_audit('unhide', array(
    select id from removed where exists (select from board.message as m where m.id = removed.id)));
  perform board.write_audit('delete', array(
    select id from removed where not exists (select from board.message as m where m.id = removed.id)));
  return null;
end
$$;

create function board.audit_held_removed() returns trigger
language plpgsql as $$
begin
  perform board.write_audit('approve', array(
    select id from removed where exists (select from board.message as m where m.id = removed.id)));
  perform board.write_audit('delete', array(
    select id from removed
    where not exists (select from board.message as m where m.id = removed.id)
      and not exists (select from board.hidden as h where h.id = removed.id)));
  return null;
end
$$;

-- Messages are not edited, not even by the owner; only their network may be forgotten.
create function board.refuse_edit() returns trigger
language plpgsql as $$
begin
  raise exception 'messages are never edited';
end
$$;

create function board.audit_statement() returns trigger
language plpgsql as $$
begin
  perform board.write_audit(tg_argv[0], array[null::bigint], coalesce(board.reason(), tg_table_name));
  return null;
end
$$;

create function board.audit_mode() returns trigger
language plpgsql as $$
begin
  perform board.write_audit(case when new.hold then 'hold on' else 'hold off' end, array[null::bigint]);
  return null;
end
$$;

create function board.audit_ban() returns trigger
language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    perform board.write_audit('ban', array[null::bigint], new.reason);
  elsif old.expires_at > clock_timestamp() then -- the janitor's sweep of what is over is no action
    perform board.write_audit('unban', array[null::bigint]);
  end if;
  return null;
end
$$;

create function board.audit_word() returns trigger
language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    perform board.write_audit('refuse word', array[null::bigint], new.word);
  else
    perform board.write_audit('allow word', array[null::bigint], old.word);
  end if;
  return null;
end
$$;

create trigger audit_removed after delete on board.message
  referencing old table as removed for each statement execute function board.audit_message_removed();
create trigger audit_truncated after truncate on board.message
  for each statement execute function board.audit_statement('truncate');
create trigger refuse_edit before update of id, body, created_at on board.message
  for each row when (old.id <> new.id or old.body <> new.body or old.created_at <> new.created_at)
  execute function board.refuse_edit();

create trigger audit_added after insert on board.hidden
  referencing new table as added for each statement execute function board.audit_hidden_added();
create trigger audit_removed after delete on board.hidden
  referencing old table as removed for each statement execute function board.audit_hidden_removed();
create trigger audit_truncated after truncate on board.hidden
  for each statement execute function board.audit_statement('truncate');
create trigger refuse_edit before update of id, body, created_at on board.hidden
  for each row when (old.id <> new.id or old.body <> new.body or old.created_at <> new.created_at)
  execute function board.refuse_edit();

create trigger audit_removed after delete on board.held
  referencing old table as removed for each statement execute function board.audit_held_removed();
create trigger audit_truncated after truncate on board.held
  for each statement execute function board.audit_statement('truncate');
create trigger refuse_edit before update of id, body, created_at on board.held
  for each row when (old.id <> new.id or old.body <> new.body or old.created_at <> new.created_at)
  execute function board.refuse_edit();

create trigger audit_mode after update on board.mode
  for each row when (old.hold <> new.hold) execute function board.audit_mode();
create trigger audit_ban after insert or delete on board.ban
  for each row execute function board.audit_ban();
create trigger audit_word after insert or delete on board.refused_word
  for each row execute function board.audit_word();

-- Also where replication's settings would switch ordinary triggers off.
do $$
declare
  v_trigger record;
begin
  for v_trigger in
    select tgrelid::regclass as relation, tgname from pg_trigger
    where not tgisinternal and (tgname like 'audit%' or tgname in ('keep_audit', 'refuse_edit'))
  loop
    execute format('alter table %s enable always trigger %I', v_trigger.relation, v_trigger.tgname);
  end loop;
end
$$;

-- ---- what moderators do ----

create type board.place as enum ('message', 'hidden', 'held');

-- The messages that a moderator means, oldest first: those of the ids, or all of a place that satisfy every condition
-- that is given; none when there is neither. p_network_of stands for the network that sent that message, for as
-- long as the key of its day is the same.
create function board.chosen(
  p_place board.place, p_ids bigint[], p_query text, p_network_of bigint, p_since timestamptz, p_until timestamptz)
returns table (id bigint, created_at timestamptz, body text)
language plpgsql stable set search_path = board, pg_catalog, pg_temp as $$
declare
  v_network bytea := network_of(p_network_of);
begin
  if num_nonnulls(p_ids, p_query, p_network_of, p_since, p_until) = 0 then
    return;
  end if;
  return query execute format('
    select m.id, m.created_at, m.body from board.%I as m
    where ($1 is null or m.id = any ($1)) and ($2 is null or board.matches(m.body, $2))
      and ($3 is null or m.network = $4) and ($5 is null or m.created_at >= $5) and ($6 is null or m.created_at < $6)
    order by m.id', p_place)
  using p_ids, p_query, p_network_of, v_network, p_since, p_until;
end
$$;

create function board.network_of(p_id bigint) returns bytea
language sql stable set search_path = board, pg_catalog, pg_temp as $$
  select network from message where id = p_id
  union all select network from hidden where id = p_id
  union all select network from held where id = p_id
$$;

-- Puts messages that waited on the board, with the time at which they are approved; answers how many.
create function board.approve(p_ids bigint[]) returns bigint
language sql set search_path = board, pg_catalog, pg_temp as $$
  with moved as (
    delete from held where id = any (p_ids) returning id, body, network
  ), back as (
    insert into message (id, body, network) select id, body, network from moved returning 1
  )
  select count(*) from back
$$;

-- Hides messages that waited, without their ever having been seen.
create function board.reject(p_ids bigint[]) returns bigint
language sql set search_path = board, pg_catalog, pg_temp as $$
  with moved as (
    delete from held where id = any (p_ids) returning id, created_at, body, network
  ), kept as (
    insert into hidden (id, created_at, body, network) select id, created_at, body, network from moved returning 1
  )
  select count(*) from kept
$$;

-- The ban that holds for one of these digests, the longest if there are several.
create function board.ban_of(p_digests bytea[]) returns board.ban
language sql stable set search_path = board, pg_catalog, pg_temp as $$
  select * from ban where digest = any (p_digests) and expires_at > clock_timestamp() order by expires_at desc limit 1
$$;

-- Is there a word in the text that may not occur?
create function board.is_refused(p_text text) returns boolean
language plpgsql stable set search_path = board, pg_catalog, pg_temp as $$
begin
  return exists (select from refused_word as w where board.matches(p_text, '"' || w.word || '"'));
end
$$;

-- Forgets bans that are over and reports about messages that are no longer on the board.
create function board.sweep_moderation(p_rows integer) returns bigint
language plpgsql volatile set search_path = board, pg_catalog, pg_temp as $$
declare
  v_bans bigint;
  v_reports bigint;
begin
  delete from ban where expires_at <= clock_timestamp();
  get diagnostics v_bans = row_count;
  delete from report where ctid = any (array(
    select r.ctid from report as r
    where not exists (select from message as m where m.id = r.message_id) limit p_rows));
  get diagnostics v_reports = row_count;
  return v_bans + v_reports;
end
$$;

-- What the poster of a message that waits is told.
create function board.waiting(p_id bigint) returns text
language sql immutable as $$ select format('{"id":%s,"held":true}', p_id) $$;

-- The answer to a token that has paid already: the same listing for the same text (202 while it waits for approval),
-- 409 for another text; a null status if it has not paid.
create function board.replay(p_token bytea, p_digest bytea) returns api.answer
language plpgsql volatile as $$
declare
  v_answer api.answer;
  v_spent board.spent;
begin
  select * into v_spent from board.spent where token = p_token;
  if not found then
    return null;
  end if;
  if v_spent.digest <> p_digest then
    return board.refusal(409::smallint, 'POW_SPENT');
  end if;
  v_answer := board.refusal(200::smallint, null);
  v_answer.next_id := v_spent.message_id;
  select board.listing(id, body, created_at) into v_answer.body from (
    select id, body, created_at from board.message where id = v_spent.message_id
    union all
    select id, body, created_at from board.hidden where id = v_spent.message_id) as l;
  if v_answer.body is null and exists (select from board.held where id = v_spent.message_id) then
    v_answer.status := 202;
    v_answer.body := board.waiting(v_spent.message_id);
  elsif v_answer.body is null then
    return board.refusal(410::smallint, 'HIDDEN');
  end if;
  return v_answer;
end
$$;

-- 403 BANNED for a network with one of these digests; a null status for others.
create function board.refuse_banned(p_known_as bytea[]) returns api.answer
language plpgsql stable set search_path = board, pg_catalog, pg_temp as $$
declare
  v_ban ban := ban_of(p_known_as);
  v_answer api.answer;
begin
  if v_ban.n is not null then
    v_answer := refusal(403::smallint, 'BANNED');
    v_answer.body := format('Posts from your network are refused until %s: %s',
      to_char(v_ban.expires_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI "UTC"'), v_ban.reason);
  end if;
  return v_answer;
end
$$;

-- What who reports a message is told.
create function board.thanks(p_answer api.answer) returns api.answer
language plpgsql immutable as $$
begin
  p_answer.status := 202;
  p_answer.body := '{"reported":true}';
  return p_answer;
end
$$;
