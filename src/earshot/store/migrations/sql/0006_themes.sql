-- How many mentions a theme had when a model was last asked for its name: what got no name is not asked again and again.

alter table theme add column asked_size integer not null default 0;
