-- SPDX-License-Identifier: MIT
-- One message with the ids of its visible neighbours: 200, 404 NOT_FOUND, 410 HIDDEN (which has neighbours all the same),
-- 429 RATE_LIMITED.
create or replace function api.get_listing(
  p_networks bytea[], p_emission_us bigint[], p_burst integer[], p_id bigint)
returns api.answer
language plpgsql volatile security definer set search_path = board, pg_catalog, pg_temp as $$
declare
  v_answer api.answer := charge('r', p_networks, p_emission_us, p_burst);
  v_newer bigint;
  v_older bigint;
begin
  if v_answer.status <> 200 then
    return v_answer;
  end if;
  select min(id) into v_newer from message where id > p_id;
  select max(id) into v_older from message where id < p_id;
  select json_strip_nulls(json_build_object(
      'id', id, 'body', body, 'created_at', rfc3339(created_at), 'newer', v_newer, 'older', v_older))
    into v_answer.body from message where id = p_id;
  if v_answer.body is not null then
    return v_answer;
  end if;
  v_answer.status := 404;
  v_answer.code := 'NOT_FOUND';
  if exists (select from hidden where id = p_id) then
    v_answer.status := 410;
    v_answer.code := 'HIDDEN';
    v_answer.body := json_strip_nulls(json_build_object('newer', v_newer, 'older', v_older));
  end if;
  return v_answer;
end
$$;
