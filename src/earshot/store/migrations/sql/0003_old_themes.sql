-- Old themes keep their ids: each becomes one cell, its findings placed in it, the earliest of them as its core.
-- The letter keeps the ids of these cells apart from those of new ones. All of them are marked for repair: the first
-- grouping looks at every finding again, gives the vectors, and hands the ids on.
insert into cell (id, theme_id) select 'o' || id, id from theme;

insert into placement (finding_id, cell_id, core, decided_by, reason, digest)
select f.id, 'o' || f.theme_id,
    row_number() over (partition by f.theme_id order by f.conversation_at, f.conversation_id collate "C", f.position)
        <= 8,
    'score', 'grouped by an earlier version', ''
from finding f join theme t on t.id = f.theme_id;

insert into core (finding_id, words)
select f.id, mention_words(f.summary, f.quote) from placement p join finding f on f.id = p.finding_id where p.core;

insert into cell_hole (cell_id) select id from cell;

update finding set theme_id = null where theme_id is not null and theme_id not in (select id from theme);

update theme set named_size = size, stale = true;

alter table theme
    drop column centre,
    drop column size;
