-- SPDX-License-Identifier: MIT
-- When a backup was last tried by restoring it and found good: 200 {"name","tried_at","age_secs","bytes"}, all null when
-- there is none; the time also as next_id, in seconds since the epoch. Never charged; works on a standby.
create or replace function api.last_backup()
returns api.answer
language plpgsql volatile security definer set search_path = board, pg_catalog, pg_temp as $$
declare
  v_answer api.answer := refusal(200::smallint, null);
begin
  select row_to_json(r) into v_answer.body from (
    select name, rfc3339(tried_at) as tried_at,
      extract(epoch from clock_timestamp() - tried_at)::bigint as age_secs, bytes
    from backup order by backup.tried_at desc limit 1) as r;
  v_answer.next_id := (select extract(epoch from max(tried_at))::bigint from backup);
  v_answer.body := coalesce(v_answer.body, '{"name":null,"tried_at":null,"age_secs":null,"bytes":null}');
  return v_answer;
end
$$;
