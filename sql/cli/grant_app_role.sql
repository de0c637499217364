-- SPDX-License-Identifier: MIT
-- migrate, last: the application role may execute the functions of schema api, and nothing else. No
-- parameters; the role's name is the setting initialsdb.app_role (set_config before). May run again.
do $$
declare
  v_role text := current_setting('initialsdb.app_role');
  v_schema text;
begin
  foreach v_schema in array array['board', 'api'] loop
    execute format('revoke all on schema %I from public, %I', v_schema, v_role);
    execute format('revoke all on all tables in schema %I from public, %I', v_schema, v_role);
    execute format('revoke all on all sequences in schema %I from public, %I', v_schema, v_role);
  end loop;
  execute format('revoke all on all routines in schema api from public, %I', v_role);
  execute format('grant usage on schema api to %I', v_role);
  execute format('grant execute on all functions in schema api to %I', v_role);
end
$$;
