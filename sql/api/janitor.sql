-- SPDX-License-Identifier: MIT
-- One small batch of housekeeping, by whichever pool's master asks first: forgets idle networks and
-- expired proofs, folds the message count, learns new words. 200 {"elected":...}; retry_after_ms says when to call
-- again, so that one round through the tables takes at most a minute however large they are. Needs a
-- transaction of its own: the batch's rows stay locked until it ends.
create or replace function api.janitor(p_key_days integer default 14, p_blocks integer default 32)
returns api.answer
language plpgsql volatile security definer set search_path = board, pg_catalog, pg_temp as $$
declare
  v_answer api.answer := refusal(200::smallint, null, 1000);
begin
  if read_only() or not pg_try_advisory_xact_lock(hashtextextended('initialsdb janitor', 0)) then
    v_answer.body := '{"elected":false}';
    return v_answer;
  end if;
  select row_to_json(r) into v_answer.body from (
    select true as elected, sweep_rate_limit(p_blocks) as networks, sweep_spent(p_blocks) as proofs,
      sweep_recent_text(1000) as texts, forget_keys(p_key_days) as keys, sweep_moderation(1000) as moderated,
      fold_count(10000) as folded, settle(2000) as unsettled) as r;
  if (v_answer.body::json ->> 'unsettled')::bigint > 0 then
    v_answer.retry_after_ms := 10;
    return v_answer;
  end if;
  v_answer.retry_after_ms := greatest(10, least(1000,
    60000 * p_blocks / (1 + greatest(blocks('rate_limit'), blocks('spent')))));
  return v_answer;
end
$$;
