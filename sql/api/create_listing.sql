-- SPDX-License-Identifier: MIT
-- Posts a message, once for each token: 201 (next_id: its id); 202 while it waits for approval; 200 with the same
-- listing for a retry; 403 BANNED (body: why and until when), 403 POW_EXPIRED, 409 POW_SPENT, 409 DUPLICATE (next_id: the
-- first one's id), 422 TEXT_REFUSED, 429 RATE_LIMITED, 503 READ_ONLY. Locks are taken in the order token, narrow tier,
-- wider tiers, and never in another. Needs READ COMMITTED: after waiting for another session's insert
-- the next statement must see it.
create or replace function api.create_listing(
  p_networks bytea[], p_emission_us bigint[], p_burst integer[],
  p_token bytea, p_expires_ms bigint, p_digest bytea, p_text text,
  p_duplicate bytea default null, p_duplicate_ms bigint default 0, p_known_as bytea[] default '{}')
returns api.answer
language plpgsql volatile security definer set search_path = board, pg_catalog, pg_temp as $$
declare
  v_answer api.answer;
  v_id bigint;
  v_now bigint;
begin
  if read_only() then
    return refusal(503::smallint, 'READ_ONLY', 5000);
  end if;
  v_answer := replay(p_token, p_digest);
  if v_answer.status is not null then
    return v_answer;
  end if;
  if p_expires_ms <= clock_ms() then
    return refusal(403::smallint, 'POW_EXPIRED');
  end if;
  v_answer := refuse_banned(p_known_as);
  if v_answer.status is not null then
    return v_answer;
  end if;
  if is_refused(p_text) then
    return refusal(422::smallint, 'TEXT_REFUSED');
  end if;
  v_answer := check_budget('p', p_networks, p_emission_us, p_burst);
  if v_answer.status <> 200 then
    return v_answer;
  end if;

  v_id := nextval('message_id_seq');
  while p_token is not null loop
    insert into spent (token, digest, message_id, expires_ms)
    values (p_token, p_digest, v_id, p_expires_ms)
    on conflict do nothing;
    exit when found;
    v_answer := replay(p_token, p_digest);
    if v_answer.status is not null then
      return v_answer;
    end if;
  end loop;

  if p_duplicate is not null then
    v_now := clock_ms();
    insert into recent_text as t (key, message_id, expires_ms) values (p_duplicate, v_id, v_now + p_duplicate_ms)
    on conflict (key) do update set message_id = excluded.message_id, expires_ms = excluded.expires_ms
      where t.expires_ms <= v_now;
    if not found then
      delete from spent where token = p_token; -- a refused post burns no proof
      v_answer := refusal(409::smallint, 'DUPLICATE');
      select message_id into v_answer.next_id from recent_text where key = p_duplicate;
      return v_answer;
    end if;
  end if;

  v_answer := charge('p', p_networks, p_emission_us, p_burst);
  if v_answer.status <> 200 then
    delete from spent where token = p_token;
    delete from recent_text where key = p_duplicate;
    return v_answer;
  end if;
  v_answer.next_id := v_id;
  if (select hold from mode) then
    insert into held (id, body, network) values (v_id, p_text, p_networks[1]);
    v_answer.status := 202;
    v_answer.body := waiting(v_id);
    return v_answer;
  end if;
  insert into message as m (id, body, network) values (v_id, p_text, p_networks[1])
  returning listing(m.id, m.body, m.created_at) into v_answer.body;
  v_answer.status := 201;
  return v_answer;
end
$$;
