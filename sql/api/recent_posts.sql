-- SPDX-License-Identifier: MIT
-- Who has posted since message p_after, at first (null) in the last minute: 200 with HEX:COUNT of each network,
-- separated by blanks, and next_id to ask after the next time.
create or replace function api.recent_posts(p_after bigint)
returns api.answer
language plpgsql volatile security definer set search_path = board, pg_catalog, pg_temp as $$
declare
  v_answer api.answer := refusal(200::smallint, null);
  v_last bigint := coalesce((select max(id) from message), 0);
begin
  -- Bounded, whatever happened since: more posts than that are far beyond every price anyway.
  with recent as (
    select network from message
    where id > greatest(p_after, v_last - 20000) and id <= v_last
      and network is not null -- an import is no load
      and created_at > clock_timestamp() - interval '1 minute'
  )
  select coalesce(string_agg(encode(network, 'hex') || ':' || posts, ' '), '') into v_answer.body
  from (select network, count(*) as posts from recent group by network) as r;
  v_answer.next_id := v_last;
  return v_answer;
end
$$;
