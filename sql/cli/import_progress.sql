-- SPDX-License-Identifier: MIT
-- import: how many records of a source are in already (bigint), and their digest (text); or no row. $1 text source.
select records, digest from board.import where source = $1;
