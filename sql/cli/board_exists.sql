-- SPDX-License-Identifier: MIT
-- restore: is there a board in this database already? One row: boolean. No parameters.
select to_regnamespace('board') is not null;
