-- setup-database, as administrator, connected to the new database: nobody may connect to it or create
-- anything in it but its owner; the application role may connect. No parameters; setting
-- initialsdb.app_role. May run again.
do $$
begin
  execute format('revoke all on database %I from public', current_database());
  execute format('grant connect on database %I to %I', current_database(),
    current_setting('initialsdb.app_role'));
  revoke all on schema public from public;
end
$$;
