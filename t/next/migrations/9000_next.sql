-- SPDX-License-Identifier: MIT
-- What the next release might bring; t/daemon/upgrade.py upgrades to it while the board is in use.
alter table board.message add column flavour text;
create index on board.message (flavour) where flavour is not null;
