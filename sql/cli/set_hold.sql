-- SPDX-License-Identifier: MIT
-- hold: $1 boolean whether new messages wait for approval.
update board.mode set hold = $1::boolean returning hold;
