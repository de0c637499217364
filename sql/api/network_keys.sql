-- SPDX-License-Identifier: MIT
-- The keys of network digests of today and p_days before: 200 with DAY:HEX, newest first, separated by blanks. Whoever
-- asks first on a day draws that day's key. On a standby only what is there already.
create or replace function api.network_keys(p_days integer)
returns api.answer
language plpgsql volatile security definer set search_path = board, pg_catalog, pg_temp as $$
declare
  v_answer api.answer := refusal(200::smallint, null);
  v_today integer := today();
begin
  if not read_only() and not exists (select from network_key where day = v_today) then
    insert into network_key (day, key) values (v_today, random_key()) on conflict do nothing;
  end if;
  select coalesce(string_agg(day || ':' || encode(key, 'hex'), ' ' order by day desc), '')
    into v_answer.body from network_key where day between v_today - p_days and v_today;
  return v_answer;
end
$$;
