-- SPDX-License-Identifier: MIT
-- words: those that may not occur. No parameters.
select word from board.refused_word order by word;
