-- SPDX-License-Identifier: MIT
-- backup, restore --drill: is this database as setup-database made it, without a board, or one of the origin to adopt?
-- One row: boolean. No parameters.
select to_regnamespace('board') is null and to_regclass('public.listings') is null;
