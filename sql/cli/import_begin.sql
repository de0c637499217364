-- SPDX-License-Identifier: MIT
-- import, first of all: on an empty board the search index is built after the messages, which is several times
-- quicker. A script without parameters.
do $$
begin
  if not exists (select from board.message) then
    drop index if exists board.message_find;
  end if;
end
$$;
