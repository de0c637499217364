-- Words that can be found.

create extension if not exists unaccent with schema board;

-- Every word as it is written, without case and accents; no stemming and no stop words, because
-- messages come in every language.
create text search configuration board.words (copy = pg_catalog.simple);
alter text search configuration board.words
  alter mapping for word, hword, hword_part with board.unaccent, simple;

alter table board.message
  add column terms tsvector not null generated always as (to_tsvector('board.words', body)) stored;

create index message_terms on board.message using gin (terms) with (fastupdate = off);

-- The newest messages below an id that match. Planned at each call: a plan made without seeing the words
-- was ten times slower.
create function board.matching(p_query tsquery, p_below bigint, p_rows integer)
returns table (id bigint, body text, created_at timestamptz)
language plpgsql volatile set plan_cache_mode = force_custom_plan as $$
begin
  return query
    select m.id, m.body, m.created_at from board.message as m
    where m.terms @@ p_query and m.id < p_below
    order by m.id desc limit p_rows;
end
$$;

create function board.newest(p_below bigint, p_rows integer)
returns table (id bigint, body text, created_at timestamptz)
language sql stable as $$
  select m.id, m.body, m.created_at from board.message as m
  where m.id < p_below
  order by m.id desc limit p_rows
$$;
