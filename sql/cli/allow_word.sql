-- SPDX-License-Identifier: MIT
-- allow: $1 text word or phrase that may occur again.
delete from board.refused_word where word = lower($1::text) returning word;
