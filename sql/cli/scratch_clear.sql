-- SPDX-License-Identifier: MIT
-- backup, restore --drill: empties the scratch database; restore --replace, in the transaction that fills the board
-- from the backup: drops the old one. A script without parameters.
set client_min_messages = warning;
drop schema if exists api cascade;
drop schema if exists board cascade;
drop schema if exists origin cascade;
