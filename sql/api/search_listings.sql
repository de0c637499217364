-- One page of messages below p_before (null: from the top), newest first: 200 with a JSON array, 429
-- RATE_LIMITED. A null or empty p_q lists the newest. next_id is null exactly when nothing older matches.
create or replace function api.search_listings(
  p_networks bytea[], p_emission_us bigint[], p_burst integer[],
  p_q text, p_limit integer, p_before bigint)
returns api.answer
language plpgsql volatile security definer set search_path = board, pg_catalog, pg_temp as $$
declare
  v_answer api.answer := charge('r', p_networks, p_emission_us, p_burst);
  v_below bigint := coalesce(p_before, 9223372036854775807);
  v_ids bigint[];
  v_items text[];
begin
  if v_answer.status <> 200 then
    return v_answer;
  end if;
  if trim(coalesce(p_q, '')) = '' then
    select array_agg(id), array_agg(listing(id, body, created_at)::text) into v_ids, v_items
    from newest(v_below, p_limit + 1);
  else
    select array_agg(id), array_agg(listing(id, body, created_at)::text) into v_ids, v_items
    from matching(websearch_to_tsquery('board.words', p_q), v_below, p_limit + 1);
  end if;
  if cardinality(v_ids) > p_limit then
    v_answer.next_id := v_ids[p_limit];
  end if;
  v_answer.body := '[' || coalesce(array_to_string(v_items[:p_limit], ','), '') || ']';
  return v_answer;
end
$$;
