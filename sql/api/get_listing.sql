-- SPDX-License-Identifier: MIT
-- One message with the ids of its visible neighbours: 200, 404 NOT_FOUND, 410 HIDDEN, 429 RATE_LIMITED.
create or replace function api.get_listing(
  p_networks bytea[], p_emission_us bigint[], p_burst integer[], p_id bigint)
returns api.answer
language plpgsql volatile security definer set search_path = board, pg_catalog, pg_temp as $$
declare
  v_answer api.answer := charge('r', p_networks, p_emission_us, p_burst);
begin
  if v_answer.status <> 200 then
    return v_answer;
  end if;
  select json_strip_nulls(row_to_json(l)) into v_answer.body from (
    select m.id, m.body, rfc3339(m.created_at) as created_at,
      (select min(n.id) from message as n where n.id > m.id) as newer,
      (select max(o.id) from message as o where o.id < m.id) as older
    from message as m where m.id = p_id) as l;
  if v_answer.body is null then
    v_answer.status := 404;
    v_answer.code := 'NOT_FOUND';
    if exists (select from hidden where id = p_id) then
      v_answer.status := 410;
      v_answer.code := 'HIDDEN';
    end if;
  end if;
  return v_answer;
end
$$;
