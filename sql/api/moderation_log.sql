-- SPDX-License-Identifier: MIT
-- What moderators did below entry p_before (null: from the newest), newest first: 200 with a JSON array of {"at","action",
-- "id","reason"}, next_id to go on below; 429 RATE_LIMITED. Never a hidden text, never who did it.
create or replace function api.moderation_log(
  p_networks bytea[], p_emission_us bigint[], p_burst integer[], p_limit integer, p_before bigint)
returns api.answer
language plpgsql volatile security definer set search_path = board, pg_catalog, pg_temp as $$
declare
  v_answer api.answer := charge('r', p_networks, p_emission_us, p_burst);
  v_entries bigint[];
  v_items text[];
begin
  if v_answer.status <> 200 then
    return v_answer;
  end if;
  select array_agg(n), array_agg(item) into v_entries, v_items from (
    select n, json_strip_nulls(json_build_object(
        'at', rfc3339(at), 'action', action, 'id', message_id, 'reason', reason))::text as item
    from audit where n < coalesce(p_before, 9223372036854775807)
    order by n desc limit p_limit + 1) as page;
  if cardinality(v_entries) > p_limit then
    v_answer.next_id := v_entries[p_limit];
  end if;
  v_answer.body := '[' || coalesce(array_to_string(v_items[:p_limit], ','), '') || ']';
  return v_answer;
end
$$;
