"""Names brought to ids: the team, its labels and states. Kept for an hour."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from earshot.connectors.lenient import Json, number, obj, objects, string
from earshot.connectors.linear.documents import CREATE_LABEL, LABELS, STATES, TEAM
from earshot.connectors.linear.ids import client_id
from earshot.connectors.linear.settings import LinearSettings
from earshot.connectors.linear.wire import LinearWire
from earshot.connectors.tickets import unanswered
from earshot.domain.delivery import Outcome, Result
from earshot.text.clean import one_line

_FRESH_SECONDS = 3600.0
_LONGEST_NAME = 80
_OPEN_TYPES = ("unstarted", "backlog", "triage", "started")


@dataclass(frozen=True)
class Labels:
    """Ids of labels, and the names that have none."""

    ids: tuple[str, ...]
    unknown: tuple[str, ...] = ()


class _Kept(NamedTuple):
    value: Any
    until: float


class Names:
    """What names stand for in one workspace."""

    def __init__(self, wire: LinearWire, settings: LinearSettings) -> None:
        self._wire = wire
        self._settings = settings
        self._kept: dict[tuple[str, ...], _Kept] = {}

    async def team(self, key: str) -> str | Outcome:
        """The id of the team with this key."""
        if (known := self._known("team", key)) is not None:
            return str(known)
        said = await self._wire.ask(TEAM, key=key)
        if not said.done:
            return said.outcome
        found = next((string(row.get("id")) for row in objects(said.data.get("teams"), "nodes")), None)
        if found is None:
            reason = f"Linear has no team {key}, or the key may not see it: see [linear] team"
            return Outcome(result=Result.REJECTED, reason=reason, fields=("teamId",))
        self._keep(found, "team", key)
        return found

    async def labels(self, team: str, names: Sequence[str]) -> Labels | Outcome:
        """The ids of labels by name; those that do not exist are made where the settings allow it."""
        wanted = list(dict.fromkeys(name for text in names if (name := one_line(text, limit=_LONGEST_NAME))))
        lacking = [name for name in wanted if self._known("label", team, name.lower()) is None]
        if lacking:
            trouble = await self._look_up(team, lacking)
            if trouble is not None:
                return trouble
        for name in lacking:
            if self._known("label", team, name.lower()) is None and self._may_make(name):
                trouble = await self._make(team, name)
                if trouble is not None:
                    return trouble
        return self._chosen(team, wanted)

    async def open_state(self, team: str) -> str | Outcome | None:
        """The id of the state that a closed issue of the team goes back to; None when there is none."""
        said = await self._wire.ask(STATES, team=team)
        if not said.done:
            return said.outcome
        rows = objects(said.data.get("workflowStates"), "nodes")
        if self._settings.reopen_state:
            wanted = self._settings.reopen_state.lower()
            return next((string(row.get("id")) for row in rows if str(row.get("name")).lower() == wanted), None)
        rows = sorted(rows, key=lambda row: (number(row.get("position")) or 0.0, str(row.get("id"))))
        ordered = (row for kind in _OPEN_TYPES for row in rows if row.get("type") == kind)
        return next((string(row.get("id")) for row in ordered), None)

    def forget(self) -> None:
        """Ask anew the next time."""
        self._kept.clear()

    async def _look_up(self, team: str, names: Sequence[str]) -> Outcome | None:
        """Keep the labels with these names; the outcome that says why they cannot be read."""
        either: list[Json] = [{"name": {"eqIgnoreCase": name}} for name in names]
        said = await self._wire.ask(LABELS, filter={"or": either})
        if not said.done:
            return said.outcome
        rows = [row for row in objects(said.data.get("issueLabels"), "nodes") if row.get("isGroup") is not True]
        for owner in (None, team):  # the team's own label wins over the workspace's
            for row in rows:
                if string(obj(row.get("team")).get("id")) == owner:
                    parent = string(obj(row.get("parent")).get("id")) or ""
                    self._keep((string(row.get("id")), parent), "label", team, str(row.get("name")).lower())
        return None

    def _may_make(self, name: str) -> bool:
        return self._settings.create_labels or name == self._settings.label

    async def _make(self, team: str, name: str) -> Outcome | None:
        """Make a label; the outcome of a failure that passes. One that is refused is left out."""
        made = client_id("label", team, name.lower())
        said = await self._wire.ask(CREATE_LABEL, input={"id": made, "name": name, "teamId": team})
        if said.done or said.conflict:
            self._keep((made, ""), "label", team, name.lower())
        passes = said.outcome.result in (Result.RETRY, Result.UNKNOWN)
        return unanswered(said.outcome) if passes else None

    def _chosen(self, team: str, wanted: Sequence[str]) -> Labels:
        """Linear takes one label of each group, so the first of a group is taken."""
        ids: list[str] = []
        unknown: list[str] = []
        groups: set[str] = set()
        for name in wanted:
            known = self._known("label", team, name.lower())
            if known is None:
                unknown.append(name)
            elif known[1] not in groups:
                ids.append(known[0])
                groups |= {known[1]} - {""}
        return Labels(tuple(dict.fromkeys(ids)), tuple(unknown))

    def _known(self, *key: str) -> Any:
        kept = self._kept.get(key)
        return kept.value if kept is not None and self._wire.clock.monotonic() < kept.until else None

    def _keep(self, value: Any, *key: str) -> None:
        self._kept[key] = _Kept(value, self._wire.clock.monotonic() + _FRESH_SECONDS)
