-- SPDX-License-Identifier: MIT
-- How far this server follows: 200, next_id the bytes of the log it has replayed, body the milliseconds since the commit that it
-- replayed last was made. On a primary the bytes that are written, and no body.
create or replace function api.replayed()
returns api.answer
language plpgsql volatile security definer set search_path = board, pg_catalog, pg_temp as $$
declare
  v_answer api.answer := refusal(200::smallint, null);
  v_last timestamptz := pg_last_xact_replay_timestamp();
begin
  if not pg_is_in_recovery() then
    v_answer.next_id := pg_wal_lsn_diff(pg_current_wal_flush_lsn(), '0/0');
    return v_answer;
  end if;
  v_answer.next_id := pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0');
  v_answer.body := greatest(0, floor(extract(epoch from clock_timestamp() - v_last) * 1000))::bigint;
  return v_answer;
end
$$;
