"""Settings: earshot.toml and the environment, checked once. Secrets come only from the environment."""

import difflib
import os
import tomllib
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, Literal, Self

import platformdirs
from pydantic import BaseModel, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from earshot.act.settings import ActSettings
from earshot.audit.settings import AuditSettings
from earshot.classify.llm.settings import ClassifySettings, TaxonomySettings
from earshot.classify.local.settings import LocalSettings
from earshot.connectors.email.settings import EmailSettings
from earshot.connectors.hubspot.settings import HubSpotSettings
from earshot.connectors.intercom.settings import IntercomSettings
from earshot.connectors.jira.settings import JiraSettings
from earshot.connectors.linear.settings import LinearSettings
from earshot.connectors.pagerduty.settings import PagerDutySettings
from earshot.connectors.productboard.settings import ProductboardSettings
from earshot.connectors.registry import INTERCOM, TOOLS
from earshot.connectors.slack.settings import SlackSettings
from earshot.connectors.webhook.settings import WebhookSettings
from earshot.decide.settings import DecideSettings
from earshot.domain.model import Noun
from earshot.domain.schedule import Chore
from earshot.errors import Misconfigured
from earshot.group.settings import GroupSettings
from earshot.llm.embedding.settings import EmbeddingSettings
from earshot.llm.keys import LlmKeys
from earshot.llm.settings import LlmSettings
from earshot.pipeline.realtime import RealtimeSettings
from earshot.pipeline.scheduling.schedules import schedules_of
from earshot.pipeline.scheduling.settings import ScheduleSettings
from earshot.pipeline.serving import WebSettings, WorkerSettings
from earshot.pipeline.watching.settings import WatchSettings
from earshot.prioritise.settings import PrioritiseSettings
from earshot.pull.settings import PullSettings
from earshot.report.settings import ReportSettings
from earshot.telemetry.settings import TelemetrySettings

DEFAULT_FILE = "earshot.toml"


class DatabaseSettings(Noun):
    """Where insights live. Without `DATABASE_URL` in the environment, an embedded PostgreSQL is used."""

    data_dir: Path | None = Field(
        default=None, description="Folder of the embedded database (default: your platform's user data folder)."
    )
    retention_days: int | None = Field(
        default=None, ge=1, description="Conversations not updated for so many days are dropped by each run."
    )
    allow_foreign: bool = Field(
        default=False, description="Allow a database that also holds somebody else's tables."
    )


class RunSettings(Noun):
    """What is expected of scheduled runs."""

    expect_every_hours: float = Field(
        default=26.0, gt=0, description="`earshot doctor` fails when no run succeeded for so long."
    )


class Settings(BaseSettings):
    """All sections of earshot.toml; EARSHOT_SECTION__KEY in the environment wins over the file."""

    model_config = SettingsConfigDict(
        env_prefix="EARSHOT_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        nested_model_default_partial_update=True,
    )

    source: Literal["intercom"] = Field(default="intercom", description="Where conversations come from.")
    intercom: IntercomSettings = Field(default_factory=IntercomSettings)
    pull: PullSettings = Field(default_factory=PullSettings)
    database: DatabaseSettings = Field(default_factory=DatabaseSettings)
    llm: LlmSettings = Field(default_factory=LlmSettings)
    classify: ClassifySettings = Field(default_factory=ClassifySettings)
    taxonomy: TaxonomySettings = Field(default_factory=TaxonomySettings)
    local: LocalSettings = Field(default_factory=LocalSettings)
    group: GroupSettings = Field(default_factory=GroupSettings)
    embeddings: EmbeddingSettings = Field(default_factory=EmbeddingSettings)
    prioritise: PrioritiseSettings = Field(default_factory=PrioritiseSettings)
    decide: DecideSettings = Field(default_factory=DecideSettings)
    act: ActSettings = Field(default_factory=ActSettings)
    jira: JiraSettings = Field(default_factory=JiraSettings)
    linear: LinearSettings = Field(default_factory=LinearSettings)
    productboard: ProductboardSettings = Field(default_factory=ProductboardSettings)
    slack: SlackSettings = Field(default_factory=SlackSettings)
    pagerduty: PagerDutySettings = Field(default_factory=PagerDutySettings)
    hubspot: HubSpotSettings = Field(default_factory=HubSpotSettings)
    email: EmailSettings = Field(default_factory=EmailSettings)
    webhooks: list[WebhookSettings] = Field(default=[], description="Receivers of signed events, one entry each.")
    report: ReportSettings = Field(default_factory=ReportSettings)
    audit: AuditSettings = Field(default_factory=AuditSettings)
    run: RunSettings = Field(default_factory=RunSettings)
    realtime: RealtimeSettings = Field(default_factory=RealtimeSettings)
    web: WebSettings = Field(default_factory=WebSettings)
    workers: WorkerSettings = Field(default_factory=WorkerSettings)
    schedule: ScheduleSettings = Field(default_factory=ScheduleSettings)
    watch: WatchSettings = Field(default_factory=WatchSettings)
    telemetry: TelemetrySettings = Field(default_factory=TelemetrySettings)

    @classmethod
    def settings_customise_sources(  # noqa: PLR0917 (the library's signature)
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over the file, which is handed in."""
        _ = (settings_cls, dotenv_settings, file_secret_settings)
        return env_settings, init_settings

    @classmethod
    def fixed(cls, values: dict[str, Any]) -> "Settings":
        """Exactly these values; neither the environment nor a file has a say."""
        return _Fixed(**values)

    @model_validator(mode="after")
    def _webhooks_have_names_of_their_own(self) -> Self:
        names = [webhook.name for webhook in self.webhooks]
        if len(names) != len(set(names)):
            raise ValueError("webhooks: two entries have the same name")
        return self

    @model_validator(mode="after")
    def _report_series_have_schedules(self) -> Self:
        known = schedules_of(self.schedule, zone=self.report.timezone)
        names = [one.name for one in known if one.chore in {Chore.RUN, Chore.REPORT}]
        for series in self.report.series:
            if series.name not in names:
                there = ", ".join(names) or "none"
                raise ValueError(
                    f"report.series: {series.name!r} has no schedule that runs or reports; there are {there}"
                )
        return self

    @property
    def secret_names(self) -> frozenset[str]:
        """The environment variables that the settings themselves name."""
        return frozenset(name for webhook in self.webhooks for name in webhook.secrets)

    @property
    def data_dir(self) -> Path:
        """The folder of the embedded database."""
        return self.database.data_dir or Path(platformdirs.user_data_dir("earshot", appauthor=False))


class _Fixed(Settings):
    @classmethod
    def settings_customise_sources(  # noqa: PLR0917 (the library's signature)
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        _ = (settings_cls, env_settings, dotenv_settings, file_secret_settings)
        return (init_settings,)


class Secrets(BaseModel):
    """What must never stand in a file or a log."""

    database_url: SecretStr | None = None
    intercom_token: SecretStr | None = None
    intercom_client_secret: SecretStr | None = None
    web_token: SecretStr | None = None
    web_editor_token: SecretStr | None = None
    web_viewer_token: SecretStr | None = None
    llm: LlmKeys = LlmKeys()
    tools: dict[str, SecretStr] = {}

    @classmethod
    def load(cls, environment: Mapping[str, str] = os.environ, *, also: Collection[str] = ()) -> "Secrets":
        """Read the secrets by their usual names, those of tools and `also` too; empty counts as absent."""
        found = {
            "database_url": "DATABASE_URL",
            "intercom_token": "INTERCOM_ACCESS_TOKEN",
            "intercom_client_secret": "INTERCOM_CLIENT_SECRET",
            "web_token": "EARSHOT_WEB_TOKEN",
            "web_editor_token": "EARSHOT_WEB_EDITOR_TOKEN",
            "web_viewer_token": "EARSHOT_WEB_VIEWER_TOKEN",
        }
        own = {k: SecretStr(environment[name]) for k, name in found.items() if environment.get(name)}
        names = {name for entry in TOOLS for name in entry.secrets}.union(also, {"MONGODB_URL"})
        tools = {name: SecretStr(environment[name]) for name in sorted(names) if environment.get(name)}
        return cls(**own, llm=LlmKeys.of_environment(environment), tools=tools)

    @property
    def of_tools(self) -> dict[str, SecretStr]:
        """The secrets of tools by their names in the environment; writing back needs the source's token too."""
        own = {} if self.intercom_token is None else {INTERCOM.secrets[0]: self.intercom_token}
        return {**self.tools, **own}


def load_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read and check everything; Misconfigured names the file, the key's path and what to write instead."""
    path = Path(environment.get("EARSHOT_CONFIG") or DEFAULT_FILE)
    values = read_file(path, required=bool(environment.get("EARSHOT_CONFIG")))
    if environment.get("EARSHOT_DATA_DIR"):
        values = {**values, "database": {**values.get("database", {}), "data_dir": environment["EARSHOT_DATA_DIR"]}}
    _refuse_unknown_variables(environment)
    try:
        return _checked(**values)
    except ValidationError as error:
        raise Misconfigured(
            explain(error, source=str(path)), hint="`earshot init --print` shows every key."
        ) from None


def read_file(path: Path, *, required: bool) -> dict[str, Any]:
    """The file's content; {} where it is absent and not required."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if required:
            raise Misconfigured(f"There is no settings file {path}.", hint="`earshot init` writes one.") from None
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(
            f"Cannot read {path}: {error}.", hint="Check the file's permissions and encoding."
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise Misconfigured(
            f"{path} is not valid TOML: {error}.", hint="Correct that place and try again."
        ) from None


def explain(error: ValidationError, *, source: str) -> str:
    """All mistakes in one text, each with the path of its key."""
    lines = [f"{source} or the environment has {error.error_count()} mistake(s):"]
    for mistake in error.errors(include_input=False, include_url=False):
        place = ".".join(str(part) for part in mistake["loc"])
        if mistake["type"] == "extra_forbidden":
            lines.append(f"  {place}: there is no such key{_nearest(mistake['loc'])}")
        else:
            lines.append(f"  {place}: {mistake['msg'].removeprefix('Value error, ')}")
    return "\n".join(lines)


_checked: Callable[..., Settings] = Settings


def _nearest(place: tuple[int | str, ...]) -> str:
    model: Any = Settings
    for part in place[:-1]:
        field = getattr(model, "model_fields", {}).get(part)
        if field is None:
            return ""
        model = field.annotation
    close = difflib.get_close_matches(str(place[-1]), list(getattr(model, "model_fields", {})), n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _refuse_unknown_variables(environment: Mapping[str, str]) -> None:
    for name in environment:
        if not name.startswith("EARSHOT_") or "__" not in name:
            continue
        section = name.removeprefix("EARSHOT_").split("__")[0].lower()
        if section not in Settings.model_fields:
            close = difflib.get_close_matches(section, list(Settings.model_fields), n=1)
            hint = f"Did you mean EARSHOT_{close[0].upper()}__…?" if close else "See `earshot init --print`."
            raise Misconfigured(f"The environment variable {name} names no section of the settings.", hint=hint)
