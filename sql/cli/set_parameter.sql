-- SPDX-License-Identifier: MIT
-- Sets a parameter of the session that the scripts read with current_setting. $1 text name, $2 text value.
select set_config($1, $2, false);
