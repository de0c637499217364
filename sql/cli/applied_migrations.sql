-- SPDX-License-Identifier: MIT
-- migrate: number (integer), name, checksum (text) of each migration, in order. No parameters.
select number, name, checksum from board.migration order by number;
