-- What a query asks for: alternatives ("or") of requirements that must all be met.

create type board.alternative as (
  filter    tsquery, -- true for every match; all there is to say but for phrases. Null: nothing to say
  words     text[],  -- of each "a|b|c:*" one word, or one that begins with c, is in every match
  phrases   text[],  -- of each "x|y" one string is in the folded text of every match
  forbidden text[]   -- likewise, and none of them is
);

create type board.item as (
  filter   text,   -- of a tsquery; null when there is no word in the item
  words    text[], -- as above
  patterns text    -- "x|y" as above; null when the filter says it all
);

-- Lexemes a word of a query needs, "c:*" for those that begin with c. Of a run the pairs, of a
-- single character itself: they are never prefixes.
create function board.needed(p_words text[], p_prefix boolean) returns text[]
language plpgsql immutable strict parallel safe as $$
begin
  return (select array_agg(lexeme order by place, lexeme) from (
    select place, left(word, 60) || case when p_prefix and place = cardinality(p_words) then ':*' else '' end as lexeme
    from unnest(p_words) with ordinality as w (word, place) where not board.is_run(word)
    union
    select place, substr(word, start, 2)
    from unnest(p_words) with ordinality as w (word, place),
      generate_series(1, greatest(1, char_length(word) - 1)) as start
    where board.is_run(word)) as l);
end
$$;

-- A lexeme as tsquery syntax. Folded words hold no quote, backslash or operator.
create function board.quoted(p_lexeme text) returns text
language sql immutable parallel safe as $$
  select case when p_lexeme like '%:*' then '''' || left(p_lexeme, -2) || ''':*' else '''' || p_lexeme || '''' end
$$;

-- The string to look for in a folded text. A run may begin and end within a longer one, and a prefix end
-- within a word.
create function board.pattern(p_words text[], p_prefix boolean) returns text
language sql immutable parallel safe as $$
  select case when board.is_run(p_words[1]) then '' else ' ' end || array_to_string(p_words, ' ')
    || case when p_prefix or board.is_run(p_words[cardinality(p_words)]) then '' else ' ' end
$$;

-- One item of a query: a word, a phrase, an address... Its parts in order, or its second reading, in which
-- they are one piece.
create function board.item(p_folded text, p_prefix boolean) returns board.item
language plpgsql immutable strict parallel safe as $$
declare
  v_item board.item;
  v_reading text;
  v_words text[];
  v_needed text[];
  v_phrase boolean := false;
begin
  foreach v_reading in array string_to_array(btrim(p_folded), '  ') loop
    v_words := string_to_array(v_reading, ' ');
    v_needed := board.needed(v_words, p_prefix);
    v_phrase := v_phrase or cardinality(v_words) > 1
      or char_length(v_words[1]) > case when board.is_run(v_words[1]) then 2 else 60 end;
    v_item.filter := concat_ws(' | ', v_item.filter,
      '(' || (select string_agg(board.quoted(n), ' & ') from unnest(v_needed) as n) || ')');
    v_item.patterns := concat_ws('|', v_item.patterns, board.pattern(v_words, p_prefix));
    v_item.words := case when v_item.words is null then v_needed
      else array(select w || '|' || v_needed[1] from unnest(v_item.words) as w) end;
  end loop;
  if not v_phrase then
    v_item.patterns := null;
  end if;
  return v_item;
end
$$;

-- The items of a query in order: quoted phrases, and what stands between spaces. Those without a word are
-- left out, but for the space they take. `prefix` is for the last one, unless it is quoted or excluded.
create function board.items(p_q text)
returns table (minus boolean, plain boolean, folded text, prefix boolean)
language plpgsql immutable strict parallel safe as $$
begin
  return query
  select i.minus, i.plain, i.folded, not i.minus and i.open and row_number() over (order by i.place desc) = 1
  from (
    select m.place, parts[1] = '-' as minus, parts[4] is not null as plain,
      parts[3] is distinct from '"' as open, board.fold(coalesce(parts[2], parts[4])) as folded
    from regexp_matches(translate(p_q, '“”„«»' || E'\u3000\u00a0', '"""""  '),
      '(-?)(?:"([^"]*)("?)|([^\s"]+))', 'g') with ordinality as m (parts, place)) as i
  where btrim(i.folded) <> ''
  order by i.place;
end
$$;

-- Adds an item to an alternative.
create function board.require(p_to board.alternative, p_item board.item, p_minus boolean)
returns board.alternative
language plpgsql immutable parallel safe as $$
declare
  v_to board.alternative := p_to;
  v_filter tsquery := p_item.filter::tsquery;
begin
  if not p_minus then
    v_to.filter := coalesce(v_to.filter && v_filter, v_filter);
    v_to.words := v_to.words || p_item.words;
    v_to.phrases := v_to.phrases || array_remove(array[p_item.patterns], null);
  elsif p_item.patterns is null then
    v_to.filter := coalesce(v_to.filter && !! v_filter, !! v_filter);
  else
    v_to.forbidden := v_to.forbidden || p_item.patterns;
  end if;
  return v_to;
end
$$;

-- A query's alternatives; none when there is no word in it. "or" parts two alternatives when it stands
-- between words, and is a word itself anywhere else.
create function board.query(p_q text) returns board.alternative[]
language plpgsql immutable parallel safe as $$
declare
  v_done board.alternative[] := '{}';
  v_empty board.alternative := (null, '{}', '{}', '{}');
  v_current board.alternative := v_empty;
  v_item record;
begin
  for v_item in select * from board.items(coalesce(p_q, '')) loop
    if v_item.plain and not v_item.minus and v_item.folded = ' or ' and not v_item.prefix
      and v_current is distinct from v_empty then
      v_done := v_done || v_current;
      v_current := v_empty;
    else
      v_current := board.require(v_current, board.item(v_item.folded, v_item.prefix), v_item.minus);
    end if;
  end loop;
  return case when v_current is distinct from v_empty then v_done || v_current else v_done end;
end
$$;

-- Does a message match? Asked when a query has phrases; without them its filter says it all. "x|y" is a
-- regular expression as it stands: folded words hold nothing that means anything in one.
create function board.satisfies(p_terms tsvector, p_body text, p_query board.alternative[])
returns boolean
language plpgsql immutable strict parallel safe as $$
declare
  v_text text := board.fold(p_body);
  v_one board.alternative;
  v_pattern text;
  v_matches boolean;
begin
  foreach v_one in array p_query loop
    v_matches := coalesce(p_terms @@ v_one.filter, true);
    foreach v_pattern in array v_one.phrases loop
      v_matches := v_matches and v_text ~ v_pattern;
    end loop;
    foreach v_pattern in array v_one.forbidden loop
      v_matches := v_matches and v_text !~ v_pattern;
    end loop;
    if v_matches then
      return true;
    end if;
  end loop;
  return false;
end
$$;

-- What an ASCII text must look like, at least, to satisfy a query of one alternative: parts of a phrase with
-- whatever is between words between them. Null when nothing can be said.
create function board.outlines(p_query board.alternative[]) returns text[]
language plpgsql immutable parallel safe as $$
begin
  if cardinality(p_query) = 1 then
    return array(select replace(btrim(split_part(p, '|', 1)), ' ', '[^a-z0-9]*') from unnest(p_query[1].phrases) as p);
  end if;
  return null;
end
$$;

-- Much cheaper than to fold the text. Others than ASCII have to be folded.
create function board.looks_like(p_body text, p_outlines text[]) returns boolean
language sql immutable parallel safe as $$
  select p_outlines is null or octet_length(p_body) > char_length(p_body) or lower(p_body) ~ all (p_outlines)
$$;

-- The whole question as one condition on the words, null when they cannot answer it.
create function board.filter(p_query board.alternative[]) returns tsquery
language plpgsql immutable strict parallel safe as $$
declare
  v_filter tsquery;
  v_one board.alternative;
begin
  foreach v_one in array p_query loop
    if v_one.filter is null then
      return null;
    end if;
    v_filter := coalesce(v_filter || v_one.filter, v_one.filter);
  end loop;
  return v_filter;
end
$$;

-- One message against one query, as search does it; for tests and curious moderators.
create function board.matches(p_body text, p_q text) returns boolean
language sql immutable strict parallel safe as $$
  select board.satisfies(board.terms(p_body), p_body, board.query(p_q))
$$;
