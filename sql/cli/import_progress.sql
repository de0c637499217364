-- import: how many records of a source are in already (bigint), or no row. $1 text source.
select records from board.import where source = $1;
