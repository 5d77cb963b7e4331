-- What the calls of a day cost once all of them have ended, so that pages need not add up the ledger again.
create table llm_day (
    zone text not null,
    day date not null,
    spendings jsonb not null,
    primary key (zone, day)
);
