"""One backlog item over HTTP: edited by people at once, approved, sent to a tracker, shipped, rated."""

import asyncio
import html
import re

import pytest

from earshot.domain.delivery import Standing
from earshot.pipeline.backlog.tracking import keep_in_step
from tests.pages.sites import Open
from tests.pages.trackers import with_tracker


async def best(here: Open) -> str:
    """The id of the item with the highest score."""
    return await here.value("select id from backlog_item order by score desc, id limit 1")


def version_of(page: str) -> str:
    """The version in the forms of a page."""
    found = re.search(r'name="version" value="([^"]+)"', page)
    assert found is not None
    return found[1]


async def change(here: Open, path: str, **fields: str) -> str:
    """Send a form of an item's page as it is now; the page that follows."""
    address = "/".join(path.split("/")[:3])
    data = {"version": version_of(await here.page(address)), "_seal": await here.seal(address), **fields}
    sent = await here.http.post(path, data=data, headers={"Origin": here.url}, follow_redirects=True)
    assert sent.status_code == 200, sent.text
    return html.unescape(sent.text)


async def push(here: Open, item: str, *, shown: str, to: str = "jira") -> str:
    """Press Send below a preview; the text of the page that follows."""
    data = {"_seal": await here.seal(f"/backlog/{item}"), "to": to, "seen": digest_of(shown)}
    address = f"/backlog/{item}/push"
    sent = await here.http.post(address, data=data, headers={"Origin": here.url}, follow_redirects=True)
    return sent.text


def digest_of(preview: str) -> str:
    """What the form of a preview says was seen; anything for a page without one."""
    found = re.search(r'name="seen" value="([^"]+)"', preview)
    return found[1] if found else "x"


async def test_an_item_shows_its_reckoning_evidence_and_quotes(here: Open) -> None:
    item = await best(here)
    [kept] = await here.rows(
        """select text->>'title' as title, rice->'lines'->>0 as reach, evidence->>'conversations' as conversations,
        evidence->'quotes'->0->>'text' as quote, theme_id from backlog_item where id = $1""",
        item,
    )
    page = html.unescape(await here.page(f"/backlog/{item}"))
    for told in (kept["title"], kept["reach"].split(": ", 1)[1], kept["quote"]):
        assert told in page
    assert f"/themes/{kept['theme_id']}" in page
    assert f">{kept['conversations']}</a>" in page
    assert "number 1 of 20" in page


async def test_unknown_items_are_404(here: Open) -> None:
    assert "There is no such item" in await here.page("/backlog/nothing", status=404)


async def test_a_word_is_set_with_a_reason_and_given_back(here: Open) -> None:
    item = await best(here)
    drafted = await here.value("select text->>'title' from backlog_item where id = $1", item)
    page = await change(here, f"/backlog/{item}/set", field="title", value="<b>New</b> title", reason="clearer")
    assert "<h1><b>New</b> title</h1>" in page
    assert "clearer" in page
    assert "set by a person" in page
    assert "<b>New" not in await here.page(f"/backlog/{item}")
    page = await change(here, f"/backlog/{item}/set", field="title", value="", do="clear")
    assert f"<h1>{drafted}</h1>" in page


async def test_a_factor_goes_before_the_formula_and_moves_the_rank(here: Open) -> None:
    item = await best(here)
    page = await change(here, f"/backlog/{item}/set", field="effort", value="100", reason="a rewrite")
    assert "a rewrite" in page
    assert "number 1 of" not in page
    score = await here.value("select rice->'score' from backlog_item where id = $1", item)
    assert '"effort_weeks": 100.0' in score
    assert "Effort is set." in page


@pytest.mark.parametrize(
    ("field", "value"), [("priority", "P9"), ("impact", "7"), ("effort", "-1"), ("title", ""), ("nothing", "x")]
)
async def test_values_that_make_no_sense_are_refused(here: Open, field: str, value: str) -> None:
    item = await best(here)
    fields = {"field": field, "value": value, "version": version_of(await here.page(f"/backlog/{item}"))}
    await here.send(f"/backlog/{item}/set", seen=f"/backlog/{item}", status=422, **fields)
    assert await here.value("select count(*) from item_edit") == 0


async def test_of_two_people_at_once_one_saves_and_the_other_is_told(here: Open) -> None:
    item = await best(here)
    page = await here.page(f"/backlog/{item}")
    seal = page.split('name="_seal" value="')[1].split('"')[0]
    forms = [
        {"_seal": seal, "version": version_of(page), "field": "title", "value": f"Title {n}"} for n in range(4)
    ]
    posts = [here.http.post(f"/backlog/{item}/set", data=form, headers={"Origin": here.url}) for form in forms]
    statuses = sorted(answer.status_code for answer in await asyncio.gather(*posts))
    assert statuses == [303, 409, 409, 409]
    assert await here.value("select count(*) from item_edit where item_id = $1", item) == 1


async def test_shipped_is_noted_with_its_day_and_taken_back(here: Open) -> None:
    item = await best(here)
    page = await change(here, f"/backlog/{item}/ship", day="2026-01-31")
    assert "Shipped" in page
    noted = (
        "select count(*) from shipped where item_id = $1 and shipped_at::date = '2026-01-31' and undone_at is null"
    )
    assert await here.value(noted, item) == 1
    assert "Shipped <span>1</span>" in await here.page("/backlog")
    await change(here, f"/backlog/{item}/ship", do="undo")
    assert await here.value(noted, item) == 0
    assert "Shipped <span>0</span>" in await here.page("/backlog")


async def test_a_day_to_come_is_refused(here: Open) -> None:
    item = await best(here)
    fields = {"day": "2999-01-01", "version": version_of(await here.page(f"/backlog/{item}"))}
    await here.send(f"/backlog/{item}/ship", seen=f"/backlog/{item}", status=422, **fields)


async def test_a_rating_is_one_for_each_person(here: Open) -> None:
    item = await best(here)
    await change(here, f"/backlog/{item}/rate", stars="2", note="so so")
    page = await change(here, f"/backlog/{item}/rate", stars="5", note="just right")
    assert "<strong>5 of 5</strong> local" in page
    assert "just right" in page
    [kept] = await here.rows("select person, stars, note from item_rating")
    assert kept == {"person": "local", "stars": 5, "note": "just right"}


async def test_an_approved_item_becomes_a_ticket_as_it_was_shown(read_url: str) -> None:
    async with with_tracker(read_url, "jira") as (here, toolbox):
        item = await best(here)
        assert "/push?to=jira" not in await here.page(f"/backlog/{item}")
        await here.page(f"/backlog/{item}/push?to=jira", status=422)
        await change(here, f"/backlog/{item}/status", status="approved")
        preview = await here.page(f"/backlog/{item}/push?to=jira")
        assert "exactly what goes out" in preview
        assert "The item changed since you looked" in await push(here, item, shown="")
        page = await push(here, item, shown=preview)
        assert "Sent: it is" in page
        assert "Pushed" in page
        assert await here.value("select count(*) from link where thing = 'ticket' and receipt is not null") == 1
        assert toolbox.tallies["jira"].objects == 1
        again = await here.page(f"/backlog/{item}/push?to=jira")
        assert "It stands there already" in again


@pytest.mark.parametrize(("name", "body"), [("linear", "description"), ("productboard", "content")])
async def test_other_trackers_get_it_as_it_was_shown(read_url: str, name: str, body: str) -> None:
    async with with_tracker(read_url, name) as (here, toolbox):
        item = await best(here)
        title = await here.value("select text->>'title' from backlog_item where id = $1", item)
        page = await change(here, f"/backlog/{item}/status", status="approved")
        assert f"/push?to={name}" in page
        assert "/push?to=jira" not in page
        preview = html.unescape(await here.page(f"/backlog/{item}/push?to={name}"))
        assert title in preview
        assert f'"{body}"' in preview
        assert toolbox.tallies[name].objects == 0
        page = await push(here, item, shown=preview, to=name)
        assert "Sent: it is" in page
        assert f"at {name.capitalize()}" in page
        assert "Pushed" in page
        assert toolbox.tallies[name].objects == 1
        [link] = await here.rows("select destination, receipt->>'external_id' as id from link")
        assert link["destination"] == name
        assert link["id"]
        [act] = await here.rows("select subject, detail from person_act where act = 'backlog.push'")
        assert act["subject"] == item
        assert name in str(act["detail"])
        again = await here.page(f"/backlog/{item}/push?to={name}")
        assert "It stands there already" in again
        await push(here, item, shown=again, to=name)
        assert toolbox.tallies[name].objects == 1


async def test_a_ticket_that_is_done_ships_its_item(read_url: str) -> None:
    async with with_tracker(read_url, "jira") as (here, _):
        item = await best(here)
        await change(here, f"/backlog/{item}/status", status="approved")
        preview = await here.page(f"/backlog/{item}/push?to=jira")
        await push(here, item, shown=preview)
        await here.rows(
            "update link set standing = $1, closed_at = '2026-11-01 10:00Z' where thing = 'ticket'",
            Standing.DONE.value,
        )
        assert await keep_in_step(here.earshot.parts) == [item]
        [noted] = await here.rows("select item_id, actor, shipped_at::date::text as day from shipped")
        assert noted == {"item_id": item, "actor": "earshot", "day": "2026-11-01"}
        assert "Done" in await here.page(f"/backlog/{item}")


async def test_a_tracker_that_only_rehearses_gets_nothing(read_url: str) -> None:
    async with with_tracker(read_url, "jira", dry=True) as (here, _):
        item = await best(here)
        page = await change(here, f"/backlog/{item}/status", status="approved")
        assert "(rehearse)" in page
        preview = await here.page(f"/backlog/{item}/push?to=jira")
        assert "only rehearses" in preview
        assert "nothing was sent" in await push(here, item, shown=preview)
        assert await here.value("select count(*) from delivery where state = 'done'") == 0
