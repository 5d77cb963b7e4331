"""Use case: give every new finding its theme, so that frequencies count."""

from earshot.group.assign import assign
from earshot.pipeline.parts import Parts

BATCH = 20_000
"""Findings per transaction; the daily run of a large workspace fits in one."""


async def group(parts: Parts) -> int:
    """Assign all findings without a theme; how many. Idempotent: an assigned finding stays where it is."""
    step = parts.progress.step("Grouping into themes")
    done = 0
    while True:
        async with parts.store.unit() as unit:
            findings = await unit.themes.open_findings(BATCH)
            if not findings:
                break
            known, lexicon = await unit.themes.known(), await unit.themes.lexicon()
            grouping = assign(findings, known, lexicon=lexicon, settings=parts.group, ids=parts.ids)
            await unit.themes.save(grouping)
            await unit.commit()
        done += len(findings)
        step.advance(len(findings))
    step.done()
    return done
