-- SPDX-License-Identifier: MIT
-- How many messages are visible, exactly: 200 {"count":N}, 429 RATE_LIMITED. Total and changes are read
-- in one statement, because the janitor moves the one into the other.
create or replace function api.count_listings(
  p_networks bytea[], p_emission_us bigint[], p_burst integer[])
returns api.answer
language plpgsql volatile security definer set search_path = board, pg_catalog, pg_temp as $$
declare
  v_answer api.answer := charge('r', p_networks, p_emission_us, p_burst);
begin
  if v_answer.status = 200 then
    select format('{"count":%s}', total + (select coalesce(sum(change), 0) from message_change))
    into v_answer.body from message_total;
  end if;
  return v_answer;
end
$$;
