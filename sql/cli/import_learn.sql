-- SPDX-License-Identifier: MIT
-- import, last of all: the words are learned at once instead of bit by bit by the janitor. No parameters; outside a
-- transaction.
do $$ begin while board.settle(100000) > 0 loop commit; end loop; end $$;
