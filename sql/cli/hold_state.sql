-- SPDX-License-Identifier: MIT
-- hold without an argument: whether new messages wait, and how many do. No parameters.
select case when hold then 'on' else 'off' end as hold, (select count(*) from board.held) as waiting from board.mode;
