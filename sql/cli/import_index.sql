-- SPDX-License-Identifier: MIT
-- import, after the last message, also when something failed: the search index is there. A script without
-- parameters.
set maintenance_work_mem = '512MB';
select board.build_index();
