-- What a word is. The same functions fold a message when it is stored and a query when it is asked, so
-- that both always agree; highlighting may ask them too.
--
-- Postgres' own parser keeps an e-mail address, a URL or a Japanese sentence as one word and drops emoji,
-- and unaccent knows some letters of some scripts. Unicode's compatibility decomposition knows them all.

-- Letters that Unicode does not decompose although people read them as variants, in either case; the
-- apostrophes and hyphens of typographers; Persian and Arabic forms of one letter; the final sigma.
create function board.fold_letters(p_text text) returns text
language sql immutable strict parallel safe as $$
  select replace(replace(replace(replace(replace(replace(replace(replace(
    translate(p_text, 'øØłŁđĐðÐħĦŧŦıςŋŊ‘’ʼʹ‐‑ىیکہۀ', 'oOlLdDdDhHtTiσnN''''''''--ييكهه'),
    'ß', 'ss'), 'ẞ', 'SS'), 'æ', 'ae'), 'Æ', 'AE'), 'œ', 'oe'), 'Œ', 'OE'), 'þ', 'th'), 'Þ', 'TH')
$$;

-- Without accents, vowel points, joiners, variation selectors and skin tones; one normal form. What stays
-- between the two normalizations are the marks that make another letter: kana's voicing, Hangul's vowels.
create function board.fold_marks(p_text text) returns text
language sql immutable strict parallel safe as $$
  select board.fold_letters(normalize(regexp_replace(normalize(p_text, nfkd),
    '[\u00ad\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a'
    '\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u1ab0-\u1aff\u1dc0-\u1dff'
    '\u200c\u200d\u2060\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f\ufeff\U0001f3fb-\U0001f3ff\U000e0000-\U000e01ef]',
    '', 'g'), nfkc))
$$;

-- Writing without spaces: Thai, Lao, Burmese, Khmer, kana, Bopomofo, Hangul, Han. Found by any adjacent
-- characters.
create function board.is_run(p_word text) returns boolean
language sql immutable strict parallel safe as $$
  select p_word ~ ('[\u0e00-\u0e3e\u0e40-\u0e4e\u0e50-\u0e59\u0e80-\u0eff\u1000-\u1049\u1050-\u109f\u1100-\u11ff'
    '\u1780-\u17d3\u17dc-\u17ff\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3040-\u309f\u30a1-\u30fa\u30fc-\u312f'
    '\u3130-\u318f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff'
    '\U00020000-\U0003ffff]')
$$;

-- Spaces around each flag, each other emoji or symbol, and each run of writing without spaces.
create function board.set_apart(p_text text) returns text
language sql immutable strict parallel safe as $$
  select regexp_replace(p_text,
    '([\U0001f1e6-\U0001f1ff]{2}|[\u2190-\u23ff\u2500-\u27bf\u2900-\u2bff\U0001f000-\U0001faff]|'
    '[\u0e00-\u0e3e\u0e40-\u0e4e\u0e50-\u0e59\u0e80-\u0eff\u1000-\u1049\u1050-\u109f\u1100-\u11ff'
    '\u1780-\u17d3\u17dc-\u17ff\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3040-\u309f\u30a1-\u30fa\u30fc-\u312f'
    '\u3130-\u318f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff'
    '\U00020000-\U0003ffff]+)', ' \1 ', 'g')
$$;

-- Everything between words, in lower case text, becomes one space. Ranges and not classes, because
-- classes differ between C libraries.
create function board.space_out(p_text text) returns text
language sql immutable strict parallel safe as $$
  select regexp_replace(p_text,
    '[\u0001-\u002f\u003a-\u0060\u007b-\u00bf\u00d7\u00f7\u02b9-\u02df\u037e\u0387\u055a-\u055f\u0589\u058a\u05be'
    '\u05c0\u05c3\u05c6\u05f3\u05f4\u0600-\u060f\u061b-\u061f\u066a-\u066d\u06d4\u0964\u0965\u0970\u0e3f\u0e4f'
    '\u0e5a\u0e5b\u0f01-\u0f14\u104a-\u104f\u10fb\u1360-\u1368\u166d\u166e\u1680\u17d4-\u17db\u1800-\u180a'
    '\u2000-\u206f\u20a0-\u20cf\u2e00-\u2e7f\u3000-\u3004\u3008-\u3020\u302a-\u3030\u303d-\u303f\u30a0\u30fb'
    '\ua4fe\ua4ff\ua60d-\ua60f\ue000-\uf8ff\ufd3e\ufd3f\ufe10-\ufe1f\ufe30-\ufe6f\uff00-\uff0f\uff5f-\uff65'
    '\ufff0-\uffff]+', ' ', 'g')
$$;

-- A text as its words between single spaces, with a space at either end: " baby shoes never worn ".
-- When words are made of parts (wi-fi, o'clock, snake_case, camelCase), a second reading of the whole text
-- follows in which those are in one piece: " the wi fi  the wifi ". No phrase crosses the double space.
create function board.fold(p_text text) returns text
language plpgsql immutable strict parallel safe as $$
declare
  v_text text := p_text;
  v_ascii boolean := octet_length(p_text) = char_length(p_text);
begin
  if not v_ascii then
    v_text := board.fold_marks(v_text);
  end if;
  if v_text ~ '[[:lower:]][[:upper:]]|[[:upper:]]{2}[[:lower:]]|[[:alnum:]][''_-]+[[:alnum:]]' then
    v_text := regexp_replace(v_text, '([[:lower:]])([[:upper:]])', E'\\1\x01\\2', 'g');
    v_text := regexp_replace(v_text, '([[:upper:]])([[:upper:]][[:lower:]])', E'\\1\x01\\2', 'g');
    v_text := regexp_replace(v_text, '([[:alnum:]])[''_-]+(?=[[:alnum:]])', E'\\1\x01', 'g');
  end if;
  v_text := lower(v_text);
  if v_ascii then
    return ' ' || btrim(regexp_replace(v_text, '[^a-z0-9]+', ' ', 'g')) || ' '
      || case when strpos(v_text, E'\x01') = 0 then ''
         else ' ' || btrim(regexp_replace(replace(v_text, E'\x01', ''), '[^a-z0-9]+', ' ', 'g')) || ' ' end;
  end if;
  return ' ' || btrim(board.space_out(board.set_apart(v_text))) || ' '
    || case when strpos(v_text, E'\x01') = 0 then ''
       else ' ' || btrim(board.space_out(board.set_apart(replace(v_text, E'\x01', '')))) || ' ' end;
end
$$;

-- What a folded text is indexed by: its words, cut to sixty characters; for a run its characters and
-- its pairs of adjacent characters.
create function board.lexemes(p_folded text) returns text[]
language plpgsql immutable strict parallel safe as $$
declare
  v_words text[] := array_remove(string_to_array(p_folded, ' '), '');
begin
  if octet_length(p_folded) = char_length(p_folded) and p_folded !~ '[^ ]{61}' then
    return v_words;
  end if;
  return array(
    select left(word, 60) from unnest(v_words) as word where not board.is_run(word)
    union
    select substr(word, place, width) from unnest(v_words) as word,
      generate_series(1, char_length(word)) as place, (values (1), (2)) as widths (width)
    where board.is_run(word) and place + width <= char_length(word) + 1);
end
$$;

-- Positions are left out: they would be a third of the size, and a phrase is looked up in the text itself.
create function board.terms(p_body text) returns tsvector
language sql immutable strict parallel safe as $$
  select array_to_tsvector(board.lexemes(board.fold(p_body)))
$$;

alter table board.message
  add column terms tsvector not null generated always as (board.terms(body)) stored;
