"""Tickets that Earshot made come back in an export of the tracker: they are known, not possible duplicates."""

from pathlib import Path

import pytest

from earshot.domain.backlog import Standing
from earshot.domain.delivery import Link, Planned, Receipt, Thing
from earshot.domain.grouping import Decider
from earshot.pipeline.backlog.deciding import duplicates, say
from earshot.pipeline.backlog.drafting import draft
from earshot.pipeline.backlog.importing import ImportedItems, import_backlog
from earshot.pipeline.backlog.planning import Outcome
from earshot.store import PostgresStore
from tests.integration.pipeline.backlog_world import EXPORT, LOGIN, UNSURE, csv_file, merge, parts_of, tell
from tests.integration.store.store_samples import NOW

TOLD = [EXPORT] * 4 + [LOGIN] * 3
KEY = "0123456789abcdef" * 2
UUID = "31e0e5d2-7e3e-41b2-8a94-fc6c5a6b5ce5"
JIRA = "Summary,Issue key,Issue Type,Status,Labels,Labels"
LINEAR = "ID,Team,Title,Status,Labels"


def link(destination: str, receipt: Receipt | None, *, theme: str = "t-login", thing: Thing = Thing.TICKET) -> Link:
    return Link(
        object_key=KEY, destination=destination, thing=thing, subject_id=theme, action_key="a", receipt=receipt,
        planned_at=NOW, sequence=1, told=1,
    )  # fmt: skip


async def keep(store: PostgresStore, made: Link) -> None:
    async with store.unit() as unit:
        await unit.outbox.save_plans([Planned(action_key="a", links=(made,))], now=NOW)
        await unit.commit()


async def matches(store: PostgresStore) -> dict[tuple[str, str], tuple[Standing, Decider]]:
    async with store.unit() as unit:
        return {(m.theme_id, m.item_id): (m.standing, m.decided_by) for m in await unit.backlog.matches()}


async def imported(store: PostgresStore, folder: Path, row: str, *, head: str) -> ImportedItems:
    return await import_backlog(parts_of(store, group=UNSURE), csv_file(folder, row, head=head))


@pytest.mark.parametrize(
    ("made", "head", "row", "item_id"),
    [
        pytest.param(
            link("jira", None), JIRA, f"{LOGIN},OPS-5,Bug,To Do,earshot,earshot-{KEY[:16]}", "jira:OPS-5",
            id="by its label, though it moved and its answer was lost",
        ),
        pytest.param(
            link("jira", Receipt(external_id="ENG-1")), JIRA, f"{LOGIN},ENG-1,Bug,To Do,,", "jira:ENG-1",
            id="by its key",
        ),
        pytest.param(
            link("linear", Receipt(external_id=UUID, extra={"identifier": "ENG-1"})), LINEAR,
            f"ENG-1,Eng,{LOGIN},Todo,earshot", "linear:ENG-1", id="by Linear's own name for it",
        ),
        pytest.param(
            link("productboard", Receipt(external_id="n-1", url="https://acme.productboard.com/n/1"),
                 thing=Thing.FEEDBACK),
            "Feature name,Id,Url", f"{LOGIN},77,https://acme.productboard.com/n/1", "productboard:77",
            id="by its address",
        ),
    ],
)  # fmt: skip
async def test_an_own_ticket_is_tied_to_its_theme(
    store: PostgresStore, tmp_path: Path, made: Link, head: str, row: str, item_id: str
) -> None:
    await tell(store, TOLD)
    await keep(store, made)
    done = await imported(store, tmp_path, row, head=head)
    assert (done.items, done.ours, done.unsure) == (1, 1, 0)
    assert (await matches(store))["t-login", item_id] == (Standing.SAME, Decider.PERSON)
    parts = parts_of(store, group=UNSURE)
    assert await duplicates(parts) == []
    drafted = {d.theme_id: d.outcome for d in (await draft(parts)).drafted}
    assert drafted["t-login"] is Outcome.LINKED
    again = await imported(store, tmp_path, row, head=head)
    assert (again.new, again.ours) == (0, 1)


async def test_what_others_made_is_compared_as_ever(store: PostgresStore, tmp_path: Path) -> None:
    await tell(store, TOLD)
    await keep(store, link("jira", Receipt(external_id="ENG-1")))
    row = f"{LOGIN},ENG-2,Bug,To Do,earshot,team-0123456789abcdee"
    done = await imported(store, tmp_path, row, head=JIRA)
    assert done.ours == 0
    assert (await matches(store)).get(("t-login", "jira:ENG-2"), ("", ""))[1] is not Decider.PERSON


async def test_an_own_ticket_follows_its_theme_and_a_persons_word_stays(
    store: PostgresStore, tmp_path: Path
) -> None:
    await tell(store, TOLD)
    await keep(store, link("jira", Receipt(external_id="ENG-1")))
    await merge(store, "t-login", "t-export")
    row = f"{LOGIN},ENG-1,Bug,To Do,,"
    await imported(store, tmp_path, row, head=JIRA)
    assert (await matches(store))["t-export", "jira:ENG-1"][0] is Standing.SAME
    await say(parts_of(store, group=UNSURE), "t-export", item="ENG-1", same=False)
    await imported(store, tmp_path, row, head=JIRA)
    assert (await matches(store))["t-export", "jira:ENG-1"][0] is Standing.DIFFERENT


async def test_a_ticket_of_no_theme_is_only_counted(store: PostgresStore, tmp_path: Path) -> None:
    await tell(store, TOLD)
    await keep(store, link("jira", Receipt(external_id="ENG-1"), theme="provisional:PRODUCT_BUG:login:CRITICAL"))
    done = await imported(store, tmp_path, "Something else,ENG-1,Bug,To Do,,", head=JIRA)
    assert done.ours == 1
    assert await matches(store) == {}
