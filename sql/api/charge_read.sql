-- SPDX-License-Identifier: MIT
-- Charges a read that a replica will serve: 200, 429 RATE_LIMITED. next_id is how far the log is written, in bytes: a replica
-- that has replayed as much shows every post, and everything hidden, that was acknowledged before this call. Null on a
-- standby, which charges nothing.
create or replace function api.charge_read(p_networks bytea[], p_emission_us bigint[], p_burst integer[])
returns api.answer
language plpgsql volatile security definer set search_path = board, pg_catalog, pg_temp as $$
declare
  v_answer api.answer := charge('r', p_networks, p_emission_us, p_burst);
begin
  if v_answer.status = 200 and not pg_is_in_recovery() then
    v_answer.next_id := pg_wal_lsn_diff(pg_current_wal_flush_lsn(), '0/0');
  end if;
  return v_answer;
end
$$;
