-- SPDX-License-Identifier: MIT
alter table board.import
  add column digest text; -- of the records, so that another file that begins alike is told apart; null when begun before
