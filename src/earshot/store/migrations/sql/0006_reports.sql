-- Which report of which series was sent where. A row is claimed before anything is sent, so that two processes send
-- one, and what was interrupted is known as such. `shown` holds ids and counts, which the next report compares with.

create table report_sent (
    series text not null,
    period_start timestamptz not null,
    period_end timestamptz not null,
    destination text not null,
    state text not null check (state in ('sending', 'done', 'unknown', 'failed', 'dry')),
    at timestamptz not null,
    worker text not null default '',
    lease_until timestamptz,
    tries integer not null default 1,
    actor text not null default '',
    reason text not null default '',
    note text not null default '',
    receipt jsonb,
    shown jsonb not null default '{}',
    primary key (series, period_end, destination)
);

create index report_sent_by_period on report_sent (period_end desc, series desc, destination);
