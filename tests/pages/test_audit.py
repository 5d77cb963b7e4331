"""Audit over HTTP: samples, labelling blind, figures that equal the rows, rulings, examples, erasure."""

import json
from pathlib import Path
from typing import Any

import pytest

from earshot.audit.labels import OPTIONS
from earshot.pipeline.audits.exchanging import imported
from earshot.pipeline.audits.labelling import find
from tests.pages.conftest import OpenSite
from tests.pages.sites import Open

BASELINE: dict[str, Any] = {"kind": "baseline", "size": "40", "days": "200"}
FIELDS = ("issue_type", "priority", "sentiment", "churn_risk")
PLAIN = {"issue_type": "OTHER", "priority": "LOW", "sentiment": "NEUTRAL", "churn_risk": "LOW"}


async def drawn(site: Open) -> str:
    """A baseline, drawn on the page."""
    answer = await site.send("/audit/draw", seen="/audit", **BASELINE)
    return answer.headers["location"].partition("sample=")[2]


async def labelled(site: Open, sample: str, *, wrong: int = 0, labeller: str = "vera") -> list[dict[str, Any]]:
    """Labels of all members by one person as the model says, but for the first `wrong` ones in the issue type."""
    members = await site.rows("select * from audit_member where sample_id = $1 order by place", sample)
    for place, member in enumerate(members):
        values = {field: member[field] or PLAIN[field] for field in FIELDS}
        if place < wrong:
            values["issue_type"] = "OTHER" if values["issue_type"] != "OTHER" else "BILLING"
        columns = ", ".join(f"'{values[field]}'" for field in FIELDS)
        await site.rows(
            f"""insert into audit_label (sample_id, conversation_id, labeller, {", ".join(FIELDS)}, at)
            values ($1, $2, $3, {columns}, now() + $4 * interval '1 second') returning 1""",
            sample, member["conversation_id"], labeller, place,
        )  # fmt: skip
    return members


async def test_before_any_sample_the_page_says_what_to_do(here: Open) -> None:
    told = await here.page("/audit")
    assert "No sample has been drawn yet" in told
    assert "earshot audit sample --kind baseline" in told


async def test_a_drawn_sample_is_random_stratified_and_holds_what_the_model_said(here: Open) -> None:
    sample = await drawn(here)
    members = await here.rows("select * from audit_member where sample_id = $1 order by place", sample)
    assert len(members) == 40
    populations = json.loads(await here.value("select populations::text from audit_sample"))
    unread = await here.value("select count(*) from unread")
    assert sum(populations.values()) - unread == await here.value("select count(*) from conversation_insights")
    for stratum, held in populations.items():
        inside = [one for one in members if one["stratum"] == stratum]
        assert len(inside) >= min(2, held)
        assert all(one["probability"] == pytest.approx(len(inside) / held) for one in inside)
    same = await here.value(
        """select count(*) from audit_member m join conversation_insights i using (conversation_id)
        where (m.issue_type, m.priority, m.sentiment, m.churn_risk, m.model, m.content_hash)
            = (i.issue_type, i.priority, i.sentiment, i.churn_risk, i.model, i.content_hash)"""
    )
    assert same == sum(one["classifier"] is not None for one in members) > 35
    assert await here.value("select count(*) from person_act where act = 'audit.draw'") == 1


async def test_the_models_own_answer_counts_and_not_a_correction(here: Open) -> None:
    one = await here.rows("select conversation_id, issue_type from conversation_insights order by 1 limit 1")
    name, own = one[0]["conversation_id"], one[0]["issue_type"]
    other = "OTHER" if own != "OTHER" else "BILLING"
    await here.rows("update conversation_insights set issue_type = $2 where conversation_id = $1", name, other)
    await here.rows(
        """insert into correction (id, conversation_id, field, value, was, actor, made_at)
        values ('c1', $1, 'issue_type', $2, $3, 'vera', now()) returning 1""", name, other, own,
    )  # fmt: skip
    await here.send("/audit/draw", seen="/audit", kind="baseline", size="500", days="200")
    assert await here.value("select issue_type from audit_member where conversation_id = $1", name) == own


async def test_a_field_that_only_a_person_gave_is_no_answer_of_the_labels(here: Open) -> None:
    [one] = await here.rows("select conversation_id, sentiment from conversation_insights order by 1 limit 1")
    name = one["conversation_id"]
    await here.rows(
        """insert into first_labels (conversation_id, issue_type, priority, sentiment, created_at, content_hash,
            conversation_at, classifier, model, decided_at)
        select conversation_id, issue_type, 'HIGH', sentiment, created_at, content_hash, conversation_at,
            classifier, model, decided_at from conversation_insights where conversation_id = $1 returning 1""",
        name,
    )
    await here.rows("delete from conversation_insights where conversation_id = $1 returning 1", name)
    await here.rows(
        """insert into correction (id, conversation_id, field, value, actor, made_at)
        values ('c1', $1, 'priority', 'HIGH', 'vera', now()) returning 1""", name,
    )  # fmt: skip
    await here.send("/audit/draw", seen="/audit", kind="baseline", size="500", days="200")
    [drawn_] = await here.rows("select priority, sentiment from audit_member where conversation_id = $1", name)
    assert drawn_ == {"priority": None, "sentiment": one["sentiment"]}


async def test_labelling_is_blind_and_goes_on_by_itself(here: Open) -> None:
    sample = await drawn(here)
    path = f"/audit/{sample}/label"
    told = await here.page(path)
    first = await here.rows("select * from audit_member order by place limit 2")
    assert first[0]["conversation_id"] in told
    assert " checked" not in told
    models = await here.rows("select distinct model from audit_member where model is not null")
    assert models
    assert not [one for one in models if one["model"] in told]
    form = {"conversation": first[0]["conversation_id"], "began": "2026-01-01T00:00:00+00:00", "do": "keep"}
    values: dict[str, Any] = {
        "issue_type": "BILLING",
        "priority": "LOW",
        "sentiment": "NEUTRAL",
        "churn_risk": "LOW",
    }
    lacking = await here.send(path, seen=path, status=422, **form, issue_type="BILLING", priority="nonsense")
    assert "Please choose the priority" in lacking.text
    assert 'value="BILLING" data-key="3" checked' in lacking.text
    assert await here.value("select count(*) from audit_label") == 0
    await here.send(path, seen=path, **form, **values, note="clear")
    kept = (await here.rows("select * from audit_label"))[0]
    assert {field: kept[field] for field in FIELDS} == values
    assert (kept["labeller"], kept["note"], kept["seconds"]) == ("local", "clear", None)
    told = await here.page(path)
    assert first[1]["conversation_id"] in told
    assert f"{path}?at={first[0]['conversation_id']}" in told
    again = await here.page(f"{path}?at={first[0]['conversation_id']}")
    assert again.count(" checked") == 4
    await here.send(path, seen=path, conversation=first[1]["conversation_id"], do="skip")
    assert await here.value("select count(*) from audit_label where skipped") == 1
    assert "You have labelled 2, 38 are left" in await here.page(path)


async def test_two_people_label_a_part_each_without_the_other(open_site: OpenSite) -> None:
    tokens = {"web_token": "admin-token-0123456789"}
    site = await open_site(tokens=tokens, audit={"second": 3})
    sample = ""
    for name in ("Vera", "Ole"):
        site.http.cookies.clear()
        form = {"_seal": await site.seal("/login"), "name": name, "token": tokens["web_token"], "next": "/"}
        await site.http.post("/login", data=form, headers={"Origin": site.url})
        if name == "Vera":
            sample = await drawn(site)
            await labelled(site, sample, labeller="Vera", wrong=1)
        assert f"{0 if name == 'Vera' else 3} are left for you" in await site.page(f"/audit/{sample}/label")
    first = await site.value("select conversation_id from audit_member where place = 0")
    assert "Of 3 the model's answer is hidden" in await site.page(f"/audit/{sample}")
    assert first not in await site.page(f"/audit/{sample}?field=issue_type&state=wrong")
    assert first in await site.page(f"/audit/{sample}?field=issue_type&state=wrong&reveal=1")


async def test_figures_and_the_table_equal_the_rows(here: Open) -> None:
    sample = await drawn(here)
    members = await labelled(here, sample, wrong=10)
    populations = json.loads(await here.value("select populations::text from audit_sample"))
    share = await here.value(
        """select sum(w * hit) / sum(w) from (
            select (p.value)::float8 / count(*) over (partition by m.stratum) as w,
                (m.issue_type = l.issue_type)::int as hit
            from audit_member m join audit_label l using (sample_id, conversation_id)
            join audit_sample s on s.id = m.sample_id, jsonb_each_text(s.populations) p where p.key = m.stratum
        ) x"""
    )
    told = await here.page("/audit")
    assert f">{share * 100:.0f}%</a>" in told
    csv = (await here.page("/audit?format=csv")).splitlines()
    assert csv[1].startswith(f"issue_type,{share}"[:20])
    assert float(csv[2].split(",")[1]) > float(share)
    cells = await here.rows(
        """select l.issue_type as label, m.issue_type as answer, count(*) as n from audit_member m
        join audit_label l using (sample_id, conversation_id) group by 1, 2"""
    )
    for cell in cells:
        path = f"/audit/{sample}?field=issue_type&amp;label={cell['label']}&amp;answer={cell['answer'] or 'UNREAD'}"
        assert path in told
        shown = await here.page(path.replace("&amp;", "&") + "&format=csv&reveal=1")
        assert len(shown.splitlines()) - 1 == cell["n"]
    assert len(members) == sum(cell["n"] for cell in cells)
    assert sum(populations.values()) >= 40


async def test_a_ruling_wins_and_an_example_is_masked_and_drawn_no_more(here: Open) -> None:
    sample = await drawn(here)
    members = await labelled(here, sample, wrong=10)
    read = next(one for one in members[:10] if one["classifier"])
    name, own = read["conversation_id"], {field: read[field] for field in FIELDS}
    path = f"/audit/{sample}"
    assert name in await here.page(f"{path}?state=wrong&reveal=1")
    await here.send(f"{path}/rule", seen=path, conversation=name, **own)
    assert name not in await here.page(f"{path}?state=wrong&reveal=1")
    await here.send(f"{path}/rule", seen=path, status=422, conversation=name, **{**own, "priority": "x"})
    await here.send(f"{path}/rule", seen=path, status=404, conversation="nobody", **own)
    await here.rows(
        """update conversation set messages = jsonb_set(messages, '{0,text}',
            to_jsonb('Please write to ada.lovelace@example.com, I was charged twice for the same month'::text))
        where id = $1""", name,
    )  # fmt: skip
    await here.send(f"{path}/example", seen=path, conversation=name, use="1")
    told = await here.page("/audit/examples")
    assert "examples_file" in told
    assert "ada.lovelace" not in told
    lines = (await here.page("/audit/examples?format=jsonl")).splitlines()
    assert json.loads(lines[0])["issue_type"] == own["issue_type"]
    await here.send("/audit/draw", seen="/audit", kind="baseline", size="500", days="200")
    assert await here.value("select count(*) from audit_member where conversation_id = $1", name) == 1
    await here.send(f"{path}/example", seen="/audit/examples", conversation=name, use="0")
    assert await here.value("select count(*) from audit_member where example_at is not null") == 0


async def test_a_file_with_an_empty_label_or_a_nameless_labeller_is_reported(here: Open, tmp_path: Path) -> None:
    sample = await drawn(here)
    members = await here.rows("select conversation_id as id from audit_member where sample_id = $1", sample)
    given: list[dict[str, Any]] = [{"Vera": {}}, {" ": PLAIN}, {"Vera": {"priority": "HUGE"}}, {"Vera": PLAIN}]
    lines = [one | PLAIN | {"labellers": said} for one, said in zip(members, given, strict=False)]
    path = tmp_path / "labels.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)))
    parts = here.earshot.parts
    done = await imported(parts, await find(parts, sample), path=path, labellers=["Ole"])
    assert [one.line for one in done.bad] == [1, 2, 3]
    assert "empty label" in done.bad[0].reason
    assert "blank name" in done.bad[1].reason
    assert done.kept == 1
    assert await here.rows("select labeller from audit_label") == [{"labeller": "Vera"}]


async def test_erasing_a_conversation_takes_its_labels_along(here: Open) -> None:
    sample = await drawn(here)
    members = await labelled(here, sample)
    name = members[0]["conversation_id"]
    done = await here.earshot.erase(conversation=name)
    assert done.left == {} or not done.left
    for table in ("audit_member", "audit_label", "audit_ruling"):
        assert await here.value(f"select count(*) from {table} where conversation_id = $1", name) == 0
    await here.page("/audit")
    await here.send(
        f"/audit/{sample}/label", seen=f"/audit/{sample}/label", status=404, conversation=name, do="skip"
    )


async def test_garbage_is_refused_clearly(here: Open) -> None:
    sample = await drawn(here)
    for path in ("/audit?field=x", "/audit?sample=x", f"/audit/{sample}?state=x", f"/audit/{sample}?field=x",
                 f"/audit/{sample}?after=x", f"/audit/{sample}?strange=1"):  # fmt: skip
        await here.page(path, status=422)
    await here.page("/audit/none", status=404)
    await here.page(f"/audit/{sample}/label?at=none", status=404)
    await here.send("/audit/draw", seen="/audit", status=422, kind="baseline", size="5", days="x")
    assert list(OPTIONS) == list(FIELDS)


async def test_viewers_look_only(open_site: OpenSite) -> None:
    site = await open_site(tokens={"web_token": "admin-token-0123456789", "web_viewer_token": "viewer-token-0123"})
    form = {"_seal": await site.seal("/login"), "name": "Kim", "token": "viewer-token-0123", "next": "/"}
    await site.http.post("/login", data=form, headers={"Origin": site.url})
    await site.page("/audit")
    await site.send("/audit/draw", seen="/audit", status=403, **BASELINE)
