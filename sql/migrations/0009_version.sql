-- SPDX-License-Identifier: MIT
-- The version of the board: a number that is another one after every change to what is visible, however many change it
-- at once, and never an old one again. Each change adds a random number of its own to it, in its own transaction and
-- beside the count: so the version is as exact as the count at every moment, costs what the count costs, and no two
-- writers meet. Numbers in a row could not do that: 6 may be visible before 5 is.
alter table board.message_change
  add column mark bigint not null default floor(random() * 9007199254740992)::bigint;
alter table board.message_total
  add column mark numeric not null default floor(random() * 9007199254740992);

-- In one statement, because the janitor moves the one into the other.
create function board.version() returns text
language plpgsql stable as $$
begin
  return (select mark + (select coalesce(sum(mark), 0) from board.message_change) from board.message_total);
end
$$;

-- As before, and the marks with the changes.
create or replace function board.fold_count(p_rows integer) returns bigint
language plpgsql volatile as $$
declare
  v_folded bigint;
begin
  with folded as (
    delete from board.message_change
    where ctid = any (array(select ctid from board.message_change limit p_rows))
    returning change, mark
  ), added as (
    update board.message_total as t set total = t.total + f.change, mark = t.mark + f.mark
    from (select sum(change) as change, sum(mark) as mark from folded having count(*) > 0) as f
  )
  select count(*) into v_folded from folded;
  return v_folded;
end
$$;

-- An owner who empties the board in psql counts and marks that, too.
create function board.count_truncated() returns trigger
language plpgsql as $$
begin
  delete from board.message_change;
  update board.message_total set total = 0, mark = mark + floor(random() * 9007199254740992);
  return null;
end
$$;

create trigger count_truncated after truncate on board.message
  for each statement execute function board.count_truncated();
