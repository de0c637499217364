-- SPDX-License-Identifier: MIT
-- Which schema this database has, and whether it can be written to: 200
-- {"schema":N,"api":"digest","primary":true|false}, N also as next_id. Never charged; works on a standby.
create or replace function api.ready()
returns api.answer
language plpgsql volatile security definer set search_path = board, pg_catalog, pg_temp as $$
declare
  v_answer api.answer := refusal(200::smallint, null);
begin
  select row_to_json(r), r.schema into v_answer.body, v_answer.next_id from (
    select number as schema, api, not pg_is_in_recovery() as "primary" from schema_version) as r;
  return v_answer;
end
$$;
