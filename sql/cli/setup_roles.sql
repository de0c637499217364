-- SPDX-License-Identifier: MIT
-- setup-database, as administrator: the owner role and the application role. No parameters; settings
-- initialsdb.owner_role and initialsdb.app_role name them, initialsdb.owner_password and
-- initialsdb.app_password may be empty or absent (peer authentication). May run again; then it only sets
-- what is given. statement_timeout is the backstop behind the deadlines of the program itself.
do $$
declare
  v_kind text;
  v_role text;
  v_password text;
begin
  foreach v_kind in array array['owner', 'app'] loop
    v_role := current_setting('initialsdb.' || v_kind || '_role');
    v_password := nullif(current_setting('initialsdb.' || v_kind || '_password', true), '');
    if v_role = session_user or exists (select from pg_roles where rolname = v_role and oid = 10) then
      raise exception 'role % is an administrator of this cluster and cannot serve the board, too', v_role
        using hint = 'Name other roles in DATABASE_URL and MIGRATE_DATABASE_URL, or, as another superuser, '
          'ALTER ROLE ... RENAME this one.';
    end if;
    if not exists (select from pg_roles where rolname = v_role) then
      execute format('create role %I', v_role);
    end if;
    execute format('alter role %I login nosuperuser nocreatedb nocreaterole', v_role);
    if v_password is not null then
      execute format('alter role %I password %L', v_role, v_password);
    end if;
  end loop;
  execute format('alter role %I set statement_timeout = %L', v_role, '10s');
  execute format('alter role %I set idle_in_transaction_session_timeout = %L', v_role, '10s');
  execute format('alter role %I set default_transaction_isolation = %L', v_role, 'read committed');
  execute format('alter role %I set jit = off', v_role);
  -- A query whose client is gone ends; the program says so itself, unless a pooler is in between.
  execute format('alter role %I set client_connection_check_interval = %L', v_role, '50ms');
end
$$;
