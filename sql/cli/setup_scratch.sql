-- SPDX-License-Identifier: MIT
-- setup-database, as administrator, connected to the scratch database that backups are tried in: nobody but its
-- owner. No parameters. May run again.
do $$
begin
  execute format('revoke all on database %I from public', current_database());
  revoke all on schema public from public;
end
$$;
