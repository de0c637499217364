-- SPDX-License-Identifier: MIT
-- A refusal for want of budget says which tier refused, for the log and the metrics.

-- As before; and next_id is the index of the tier that has to be waited for longest.
create or replace function board.judge(p_tats bigint[], p_emission_us bigint[], p_burst integer[])
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
    if v_spare < 0 and (999 - v_spare) / 1000 > v_answer.retry_after_ms then
      v_answer.retry_after_ms := (999 - v_spare) / 1000;
      v_answer.next_id := i;
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

-- As before; and the body of a refusal is "I/N": tier I of N refused. In the body, because a program of the release before
-- overlooks it there.
create or replace function board.check_budget(
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
    v_answer.body := format('%s/%s', v_answer.next_id, cardinality(p_networks));
    v_answer.next_id := null;
  end if;
  return v_answer;
end
$$;

-- As before, without the index in an answer that refuses nothing.
create or replace function board.charge(
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
  v_answer.next_id := null;
  return v_answer;
end
$$;
