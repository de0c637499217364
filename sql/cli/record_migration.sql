-- SPDX-License-Identifier: MIT
-- migrate, in the transaction of the migration itself: $1 integer number, $2 text name, $3 text checksum.
insert into board.migration (number, name, checksum) values ($1, $2, $3);
