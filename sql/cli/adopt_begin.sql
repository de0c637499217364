-- SPDX-License-Identifier: MIT
-- migrate, before messages are adopted: only into a board that has none of its own, since ids are kept; new ones will
-- be beyond them. Progress is the last adopted id. A script without parameters; may run again.
do $$
declare
  v_last bigint := (select max(id) from public.listings);
begin
  if not exists (select from board.import where source = 'origin') then
    if exists (select from board.message) or exists (select from board.hidden) then
      raise exception 'there are messages both in public.listings and on this board'
        using hint = 'adopt into an empty database: the ids would collide';
    end if;
    insert into board.import (source, records) values ('origin', 0);
  end if;
  perform setval('board.message_id_seq', greatest(v_last, (select last_value from board.message_id_seq)))
  where v_last > 0;
end
$$;
set synchronous_commit = off;
set initialsdb.reason = 'hidden before this board was adopted';
