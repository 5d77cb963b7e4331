"""Logs: one line per event, no secret, no traceback that could quote a customer."""

import io
import json
import logging
from collections.abc import Generator
from datetime import UTC, datetime, timedelta

import pytest
from opentelemetry.sdk.trace import TracerProvider

from earshot.telemetry import logs
from earshot.telemetry.settings import TelemetrySettings

SECRET = "xoxb-very-secret-token"
JSON = TelemetrySettings(logs="json")


@pytest.fixture(autouse=True)
def restored() -> Generator[None]:
    """Leave logging as it was."""
    root = logging.getLogger()
    names = ["", "earshot", "uvicorn", "uvicorn.error", "uvicorn.access", "pgqueuer", "httpx2"]
    loggers = [logging.getLogger(name) for name in names]
    before = [(one, one.level, list(one.handlers), one.propagate) for one in loggers]
    yield
    for logger, level, handlers, propagate in before:
        logger.setLevel(level)
        logger.handlers[:] = handlers
        logger.propagate = propagate
    assert root.handlers is not None


def fail(error: Exception) -> None:
    raise error


def lines(stream: io.StringIO) -> list[dict[str, str]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_json_with_level_time_and_logger() -> None:
    stream = io.StringIO()
    logs.set_up(JSON, stream=stream)
    logging.getLogger("earshot.web").info("webhook %s kept", "notif_1")
    (line,) = lines(stream)
    assert line["level"] == "INFO"
    assert line["logger"] == "earshot.web"
    assert line["message"] == "webhook notif_1 kept"
    age = datetime.now(UTC) - datetime.fromisoformat(line["timestamp"])
    assert timedelta(0) <= age < timedelta(minutes=1)


def test_setting_up_twice_writes_once() -> None:
    first, second = io.StringIO(), io.StringIO()
    logs.set_up(JSON, stream=first)
    logs.set_up(JSON, stream=second)
    logging.getLogger("earshot").warning("once")
    assert first.getvalue() == ""
    assert len(lines(second)) == 1


@pytest.mark.parametrize("form", ["text", "json"])
def test_secrets_are_blanked_also_in_arguments_and_errors(form: str) -> None:
    stream = io.StringIO()
    settings = TelemetrySettings.model_validate({"logs": form})
    logs.set_up(settings, secrets=[SECRET, "", "abc"], stream=stream)
    logger = logging.getLogger("earshot.connectors")
    logger.warning("token %s refused", SECRET)
    try:
        fail(RuntimeError(f"Authorization: {SECRET}"))
    except RuntimeError:
        logger.exception("sending abc failed for %s", {"token": SECRET})
    text = stream.getvalue()
    assert SECRET not in text
    assert text.count(logs.BLANK) == 2
    assert "abc" in text, "too short to be looked for"


def test_an_error_is_told_by_type_and_place_not_by_its_words() -> None:
    stream = io.StringIO()
    logs.set_up(JSON, stream=stream)
    try:
        fail(ValueError("customer says: my password is hunter2"))
    except ValueError:
        logging.getLogger("earshot.live").exception("hearing failed")
    (line,) = lines(stream)
    assert line["message"].startswith("hearing failed (ValueError at test_logs.py:")
    assert "hunter2" not in stream.getvalue()


def test_debug_keeps_the_traceback() -> None:
    stream = io.StringIO()
    logs.set_up(TelemetrySettings(logs="json", level="debug"), stream=stream)
    try:
        fail(ValueError("told"))
    except ValueError:
        logging.getLogger("earshot.live").exception("hearing failed")
    assert "Traceback" in lines(stream)[0]["exc_info"]


def test_an_event_stays_on_one_line() -> None:
    stream = io.StringIO()
    logs.set_up(TelemetrySettings(logs="text"), stream=stream)
    logging.getLogger("earshot").warning("forged\n2026-01-01 00:00:00 ERROR earshot: all is lost")
    assert len(stream.getvalue().splitlines()) == 1


def test_a_line_inside_a_span_names_its_trace_and_nothing_a_library_adds() -> None:
    stream = io.StringIO()
    logs.set_up(JSON, stream=stream)
    tracer = TracerProvider().get_tracer("test")
    with tracer.start_as_current_span("hear") as span:
        logging.getLogger("uvicorn.error").info("up", extra={"color_message": "[up"})
    (line,) = lines(stream)
    assert line["trace_id"] == f"{span.get_span_context().trace_id:032x}"
    assert set(line) == {"level", "logger", "message", "process", "timestamp", "trace_id"}


def test_libraries_go_the_same_way_and_chatter_is_left_out() -> None:
    stream = io.StringIO()
    logs.set_up(JSON, stream=stream)
    logging.getLogger("uvicorn.error").info("Started server process")
    logging.getLogger("uvicorn.access").info("GET /")
    logging.getLogger("httpx2").info("HTTP Request: POST https://api.openai.com")
    logging.getLogger("earshot").debug("detail")
    assert [line["logger"] for line in lines(stream)] == ["uvicorn.error"]
