"""The typed list of sources. A new one is a file in this folder and a line here; the contract suite runs over it.

What makes a source is named by its place, so that only the chosen one is imported.
"""

from dataclasses import dataclass

from earshot.connectors.intercom.settings import IntercomSettings
from earshot.domain.model import Noun


@dataclass(frozen=True)
class SourceEntry:
    """A source: its name and settings section, its settings class, its secret, and where its class stands.

    The class is called with the settings and the secret, and takes `clock` and `directory` by name.
    """

    name: str
    settings: type[Noun]
    secret: str
    place: str


SOURCES: tuple[SourceEntry, ...] = (
    SourceEntry(
        name="intercom",
        settings=IntercomSettings,
        secret="INTERCOM_ACCESS_TOKEN",  # noqa: S106 (the variable's name, not a secret)
        place="earshot.connectors.intercom.source:IntercomSource",
    ),
)
"""Every source there is."""
