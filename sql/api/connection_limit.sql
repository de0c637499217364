-- SPDX-License-Identifier: MIT
-- How many connections the application role may have (next_id): for a pool that chooses its own size. 200.
create or replace function api.connection_limit()
returns api.answer
language plpgsql volatile security definer set search_path = board, pg_catalog, pg_temp as $$
declare
  v_answer api.answer := refusal(200::smallint, null);
begin
  select least(
      current_setting('max_connections')::integer - current_setting('superuser_reserved_connections')::integer,
      case when r.rolconnlimit >= 0 then r.rolconnlimit end,
      case when d.datconnlimit >= 0 then d.datconnlimit end)
    into v_answer.next_id
    from pg_roles r, pg_database d
    where r.rolname = session_user and d.datname = current_database();
  return v_answer;
end
$$;
