"""The completeness statement in words, and a run's times."""

from rich.console import Console

from earshot.domain.run import Completeness
from earshot.text.escape import one_line


def lines(done: Completeness) -> list[str]:
    """What was seen against what is held, and what is missing."""
    counts = (
        f"Seen {done.seen:,}: fetched {done.fetched:,}, unchanged {done.unchanged:,}, not to be read by setting "
        f"{done.filtered_out:,}, deleted {done.deleted:,}, failed {done.failed:,}."
    )
    longer = f"; longer than the source returns: {done.truncated:,}" if done.truncated else ""
    found = [counts, f"Message parts: expected {done.parts_expected:,}, held {done.parts_held:,}{longer}."]
    if done.unknown_kinds:
        named = ", ".join(f"{one_line(name)} ×{count}" for name, count in sorted(done.unknown_kinds.items()))
        found.append(f"Kinds this version does not know (kept, not read as messages): {named}.")
    if done.complete:
        return [*found, "Complete: nothing is missing."]
    shown = [f"  {one_line(gap.what)}: {one_line(gap.reason)}" for gap in done.gaps[:20]]
    if len(done.gaps) > len(shown):
        shown.append(f"  … and {len(done.gaps) - len(shown):,} more")
    return [*found, f"INCOMPLETE: {len(done.gaps)} could not be fetched. The next run tries again.", *shown]


def show(done: Completeness, console: Console) -> None:
    """Print the statement."""
    for line in lines(done):
        console.print(line, markup=False, style="bold red" if line.startswith("INCOMPLETE") else None)


def show_seconds(seconds: dict[str, float], console: Console) -> None:
    """Print the seconds of each stage."""
    for stage, spent in seconds.items():
        console.print(f"{stage:>10} {spent:8.2f} s", markup=False)
    console.print(f"{'in all':>10} {sum(seconds.values()):8.2f} s", markup=False)
