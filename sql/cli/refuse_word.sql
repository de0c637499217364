-- SPDX-License-Identifier: MIT
-- refuse: $1 text word or phrase that may not occur.
insert into board.refused_word (word) values (lower($1::text)) on conflict do nothing returning word;
