-- SPDX-License-Identifier: MIT
-- setup-database, as administrator, connected to the new database: nobody may connect to it or create
-- anything in it but its owner; the application role may connect. A database that the origin of this program made
-- changes hands, with its tables. No parameters; settings initialsdb.owner_role and initialsdb.app_role. May run again.
do $$
declare
  v_owner text := current_setting('initialsdb.owner_role');
  v_table text;
begin
  execute format('alter database %I owner to %I', current_database(), v_owner);
  execute format('revoke all on database %I from public', current_database());
  execute format('grant connect on database %I to %I', current_database(),
    current_setting('initialsdb.app_role'));
  revoke all on schema public from public;
  foreach v_table in array array['listings', 'migrations'] loop
    if to_regclass('public.' || v_table) is not null then
      execute format('alter table public.%I owner to %I', v_table, v_owner);
      execute format('grant usage, create on schema public to %I', v_owner);
    end if;
  end loop;
end
$$;
