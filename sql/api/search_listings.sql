-- SPDX-License-Identifier: MIT
-- One page of messages below p_before (null: from the top), newest first: 200 with a JSON array, 429
-- RATE_LIMITED. A null or empty p_q lists the newest; a p_q without a word in it finds nothing. next_id is null
-- exactly when nothing older can match; a search whose budget is used up answers a short page with a next_id.
-- Unless p_known, versions of the board that the caller has this page of, is null, the body is the board's version, and 200
-- adds a space and the array to it; 304 when the version is known; 204 when it is not and p_run is false, because
-- somebody else is searching already.
create or replace function api.search_listings(
  p_networks bytea[], p_emission_us bigint[], p_burst integer[],
  p_q text, p_limit integer, p_before bigint, p_known text[], p_run boolean)
returns api.answer
language plpgsql volatile security definer set search_path = board, pg_catalog, pg_temp as $$
declare
  v_answer api.answer := charge('r', p_networks, p_emission_us, p_burst);
  v_below bigint := coalesce(p_before, 9223372036854775807);
  v_query alternative[];
  v_items text[];
begin
  if v_answer.status <> 200 then
    return v_answer;
  end if;
  -- The version first: whatever changes after this look makes another one, so the page is at least as new.
  if p_known is not null then
    v_answer.body := version();
    if v_answer.body = any (p_known) or not p_run then
      v_answer.status := case when v_answer.body = any (p_known) then 304 else 204 end;
      return v_answer;
    end if;
  end if;
  if trim(coalesce(p_q, '')) = '' then
    select items, next_id into v_items, v_answer.next_id from newest(v_below, p_limit);
  else
    v_query := query(p_q);
    if v_query <> '{}' then
      select items, next_id into v_items, v_answer.next_id from search(v_query, v_below, p_limit);
    end if;
  end if;
  v_answer.body := concat_ws(' ', v_answer.body, '[' || coalesce(array_to_string(v_items, ','), '') || ']');
  return v_answer;
end
$$;
