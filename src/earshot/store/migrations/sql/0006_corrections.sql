-- (filled by its owner)
select 1;
