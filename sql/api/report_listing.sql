-- SPDX-License-Identifier: MIT
-- Reports a message to the moderators, counted once for each network: 202 (also again), 403 BANNED, 403 POW_EXPIRED, 404 NOT_FOUND,
-- 409 POW_SPENT, 410 HIDDEN, 429 RATE_LIMITED, 503 READ_ONLY. The proof is spent as for a post, on a message of no number.
create or replace function api.report_listing(
  p_networks bytea[], p_emission_us bigint[], p_burst integer[],
  p_token bytea, p_expires_ms bigint, p_digest bytea, p_id bigint, p_reason text, p_known_as bytea[])
returns api.answer
language plpgsql volatile security definer set search_path = board, pg_catalog, pg_temp as $$
declare
  v_answer api.answer;
  v_digest bytea;
begin
  if read_only() then
    return refusal(503::smallint, 'READ_ONLY', 5000);
  end if;
  if p_expires_ms <= clock_ms() then
    return refusal(403::smallint, 'POW_EXPIRED');
  end if;
  v_answer := refuse_banned(p_known_as);
  if v_answer.status is not null then
    return v_answer;
  end if;
  if not exists (select from message where id = p_id) then
    if exists (select from hidden where id = p_id) then
      return refusal(410::smallint, 'HIDDEN');
    end if;
    return refusal(404::smallint, 'NOT_FOUND');
  end if;
  v_answer := check_budget('p', p_networks, p_emission_us, p_burst);
  if v_answer.status <> 200 then
    return v_answer;
  end if;

  if p_token is not null then
    insert into spent (token, digest, message_id, expires_ms) values (p_token, p_digest, 0, p_expires_ms)
    on conflict do nothing;
    if not found then
      select digest into v_digest from spent where token = p_token;
      if v_digest is distinct from p_digest then
        return refusal(409::smallint, 'POW_SPENT');
      end if;
      return thanks(refusal(202::smallint, null)); -- a retry
    end if;
  end if;

  v_answer := charge('p', p_networks, p_emission_us, p_burst);
  if v_answer.status <> 200 then
    delete from spent where token = p_token; -- a refused report burns no proof
    return v_answer;
  end if;
  insert into report (message_id, network, reason)
  values (p_id, coalesce(p_networks[1], ''), nullif(p_reason, ''))
  on conflict (message_id, network) do update set reason = coalesce(excluded.reason, report.reason);
  return thanks(v_answer);
end
$$;
