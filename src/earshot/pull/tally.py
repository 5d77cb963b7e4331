"""Counting a sync as it goes, so that its completeness statement adds up."""

from collections import Counter
from collections.abc import Iterable, Mapping

from earshot.domain.conversation import Conversation
from earshot.domain.run import Completeness, Gap
from earshot.pull.merge import is_complete

_GAPS_SHOWN = 1000


class Tally:
    """What became of every conversation seen. Each counts once, under what happened to it last."""

    def __init__(self) -> None:
        self._fates: dict[str, str] = {}
        self._parts: dict[str, tuple[int, int]] = {}
        self._truncated: set[str] = set()
        self._unknown: Counter[str] = Counter()
        self._gaps: list[Gap] = []
        self._failures: dict[str, Gap] = {}

    def unchanged(self, external_ids: Iterable[str]) -> None:
        """Held already as they are. What was fetched in this sync stays fetched."""
        for external_id in external_ids:
            self._fates.setdefault(external_id, "unchanged")

    def deleted(self, external_ids: Iterable[str]) -> None:
        """Gone at the source."""
        for external_id in external_ids:
            self._settle(external_id, "deleted")
            self._parts.pop(external_id, None)
            self._truncated.discard(external_id)

    def fetched(
        self, conversation: Conversation, *, filtered: bool, unknown: Mapping[str, int] | None = None
    ) -> None:
        """Fetched and stored; `filtered` says that it is kept but not read."""
        key = conversation.external_id
        self._settle(key, "filtered_out" if filtered else "fetched")
        held = conversation.parts_held
        expected = conversation.parts_expected
        self._parts[key] = (held if expected is None else expected, held)
        if conversation.truncated:
            self._truncated.add(key)
        self._unknown.update(unknown or {})
        if is_complete(conversation):
            return
        self._failures[key] = Gap(what=f"conversation {key}", reason=f"{held} of {expected} parts were received")

    def failed(self, external_id: str, reason: str) -> None:
        """Could not be fetched."""
        self._settle(external_id, "failed")
        self._failures[external_id] = Gap(what=f"conversation {external_id}", reason=reason)

    def gap(self, *gaps: Gap) -> None:
        """Something else that is missing, such as a slice of the list."""
        self._gaps.extend(gap for gap in gaps if gap not in self._gaps)

    def completeness(self) -> Completeness:
        """The statement so far."""
        fates = Counter(self._fates.values())
        gaps = [*self._gaps, *self._failures.values()]
        if len(gaps) > _GAPS_SHOWN:
            more = Gap(what=f"{len(gaps) - _GAPS_SHOWN} more", reason="the list of gaps is cut here")
            gaps = [*gaps[:_GAPS_SHOWN], more]
        return Completeness(
            seen=len(self._fates),
            fetched=fates["fetched"],
            unchanged=fates["unchanged"],
            filtered_out=fates["filtered_out"],
            deleted=fates["deleted"],
            failed=fates["failed"],
            parts_expected=sum(expected for expected, _ in self._parts.values()),
            parts_held=sum(held for _, held in self._parts.values()),
            truncated=len(self._truncated),
            unknown_kinds=dict(sorted(self._unknown.items())),
            gaps=tuple(gaps),
        )

    def _settle(self, external_id: str, fate: str) -> None:
        self._fates[external_id] = fate
        self._failures.pop(external_id, None)
