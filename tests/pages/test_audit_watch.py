"""A fall of agreement that the labels show is told like every bound that is left; one that chance gives is not."""

import json
import re

from earshot.pipeline.audits.gauging import baseline_of, looked_back
from earshot.pipeline.watching.settings import WatchSettings
from earshot.pipeline.watching.watching import Watched, watch
from tests.pages.acting import Acting, acting
from tests.pages.sites import Open
from tests.pages.test_audit import drawn, labelled


async def weekly(here: Open) -> str:
    """Last week's sample."""
    await here.send("/audit/draw", seen="/audit", kind="weekly")
    return await here.value("select id from audit_sample where kind = 'weekly'")


async def looked(desk: Acting, **settings: bool) -> Watched:
    """One look, and what is to be said goes out."""
    found = await watch(desk.site.earshot.parts, WatchSettings.model_validate(settings))
    await desk.site.earshot.act()
    return found


def said(desk: Acting) -> list[str]:
    """What people were told of agreement."""
    told = [json.loads(body).get("text", "") for body in desk.benches["slack"].bodies()]
    return [text for text in told if "Agreement with people" in text]


async def unlabelled(site: Open, sample: str) -> str:
    """Take the label of the last member of a sample away; its conversation."""
    found: str = await site.value(
        "delete from audit_label where sample_id = $1 and conversation_id = (select conversation_id from "
        "audit_member where sample_id = $1 order by place desc limit 1) returning conversation_id",
        sample,
    )
    return found


async def test_a_real_fall_is_told_once(here: Open) -> None:
    async with acting(here, "slack") as desk:
        await labelled(here, await drawn(here))
        week = await weekly(here)
        assert (await looked(desk)).news == {}, "nobody labelled the week yet"
        await labelled(here, week, wrong=500)
        found = await looked(desk)
        assert found.news == {"drift_issue_type": "left"}
        assert [one for one in found.problems if "Agreement with people on the issue type fell" in one]
        for _ in range(3):
            assert (await looked(desk)).news == {}
        (message,) = said(desk)
        assert re.search(r"(99|100) points down, week of", message)
        assert "against baseline of" in message
        assert "the bound is 5" in message
        assert "earshot audit drift" in message
    page = await here.page("/health")
    assert "<code>drift_issue_type</code>" in page
    assert "Agreement with people on the issue type fell" in page.partition("</section>")[0]


async def test_a_fall_within_chance_is_told_to_nobody(here: Open) -> None:
    async with acting(here, "slack") as desk:
        await labelled(here, await drawn(here), wrong=4)
        await labelled(here, await weekly(here), wrong=2)
        assert ">Fell" not in await here.page("/audit")
        assert (await looked(desk)).news == {}
        assert said(desk) == []
        bounds = {row["bound"]: row for row in await here.rows("select * from watch_state")}
        assert bounds["drift_issue_type"]["value"] == 0
        assert not bounds["drift_issue_type"]["outside"]


async def test_a_week_half_labelled_is_not_judged(here: Open) -> None:
    async with acting(here, "slack") as desk:
        await labelled(here, await drawn(here))
        week = await weekly(here)
        await labelled(here, week, wrong=500)
        await unlabelled(here, week)
        assert (await looked(desk)).news == {}


async def test_a_new_baseline_counts_once_it_is_labelled_to_its_end(here: Open) -> None:
    async with acting(here, "slack") as desk:
        await labelled(here, await drawn(here))
        await labelled(here, await weekly(here), wrong=500)
        newer = await drawn(here)
        await labelled(here, newer, wrong=500)
        last = await unlabelled(here, newer)
        assert (await looked(desk)).news == {"drift_issue_type": "left"}, "against the finished one"
        await here.rows(
            """insert into audit_label (sample_id, conversation_id, labeller, skipped, at)
            values ($1, $2, 'vera', true, now()) returning 1""", newer, last,
        )  # fmt: skip
        _, back = await looked_back(desk.site.earshot.parts)
        base = baseline_of(back)
        assert base is not None
        assert base.sample.id == newer


async def test_a_baseline_half_labelled_is_not_judged_by(here: Open) -> None:
    async with acting(here, "slack") as desk:
        base = await drawn(here)
        await labelled(here, base)
        await labelled(here, await weekly(here), wrong=500)
        await unlabelled(here, base)
        assert (await looked(desk)).news == {}


async def test_it_can_be_switched_off(here: Open) -> None:
    async with acting(here, "slack") as desk:
        await labelled(here, await drawn(here))
        await labelled(here, await weekly(here), wrong=500)
        assert (await looked(desk, drift=False)).news == {}
        assert await here.value("select count(*) from watch_state where bound like 'drift%'") == 0
