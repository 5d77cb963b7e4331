"""The report in a real browser: nothing runs, nothing leaves, nothing overflows, dark is dark."""

import html
import os
import re
import shutil
import socket
import subprocess
import threading
from collections.abc import Generator
from pathlib import Path

import pytest

from earshot.report import to_html
from tests.unit.report import sample

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
)  # fmt: skip
POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
FRAMED = """<body style="margin:0"><iframe style="border:0;width:{width}px;height:800px" srcdoc="{page}" onload="
const page = this.contentDocument.documentElement;
document.title = 'width ' + page.scrollWidth + ' of ' + page.clientWidth"></iframe>"""
"""The page in a frame, because the browser's own window is never narrower than 500 pixels."""
DARK = "--blink-settings=preferredColorScheme=0"

pytestmark = pytest.mark.browser


class Recorder:
    """A proxy that answers nothing and remembers every host it was asked for."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.hosts: list[str] = []
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                line = connection.recv(4096).decode("latin-1").split("\r\n")[0]
                self.hosts.append(line)
                connection.sendall(b"HTTP/1.1 502 no\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")


class Browser:
    """One chromium per call, with a profile of its own."""

    def __init__(self, folder: Path, program: str) -> None:
        self._folder, self._program = folder, program

    def run(self, text: str, *flags: str) -> str:
        """Open a page and return the document as the browser has it after loading."""
        page = self._folder / "page.html"
        page.write_text(text, encoding="utf-8")
        command = [self._program, *FLAGS, f"--user-data-dir={self._folder / 'profile'}", *flags, page.as_uri()]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
        return done.stdout

    def picture(self, text: str, *flags: str) -> bytes:
        """A screenshot of the page."""
        picture = self._folder / "page.png"
        self.run(text, f"--screenshot={picture}", *flags)
        return picture.read_bytes()


@pytest.fixture
def browser(tmp_path: Path) -> Browser:
    if BROWSER is None:
        if os.environ.get("CI") == "true":
            pytest.fail("no chromium on this machine, and CI must run the browser tests")
        pytest.skip("no chromium on this machine")
    return Browser(tmp_path, BROWSER)


@pytest.fixture
def recorder() -> Generator[Recorder]:
    started = Recorder()
    yield started
    started.close()


def title(document: str) -> str:
    match = re.search(r"<title>(.*?)</title>", document, re.DOTALL)
    return match[1] if match else ""


def through(recorder: Recorder) -> tuple[str, ...]:
    return (f"--proxy-server={recorder.address}", "--proxy-bypass-list=<-loopback>")


def asked(recorder: Recorder) -> list[str]:
    return [line for line in recorder.hosts if "evil.invalid" in line or "example.com" in line]


def test_the_recorder_would_notice(browser: Browser, recorder: Recorder) -> None:
    page = "<title>calm</title><img src='http://evil.invalid/p.png'><script>document.title='OWNED'</script>"
    assert title(browser.run(page, "--dump-dom", *through(recorder))) == "OWNED"
    assert asked(recorder)


@pytest.mark.parametrize("policy", [True, False])
def test_hostile_words_run_nothing_and_fetch_nothing(browser: Browser, recorder: Recorder, *, policy: bool) -> None:
    text = to_html(sample.hostile())
    assert POLICY.search(text)
    document = browser.run(text if policy else POLICY.sub("", text), "--dump-dom", *through(recorder))
    assert title(document).startswith("What customers told us")
    assert "<img" not in document
    assert "<iframe" not in document
    assert "<script" not in document
    assert asked(recorder) == []


@pytest.mark.parametrize("width", [360, 768, 1280])
@pytest.mark.parametrize("kind", ["report", "hostile", "empty"])
def test_no_page_is_wider_than_its_window(browser: Browser, width: int, kind: str) -> None:
    text = html.escape(to_html(getattr(sample, kind)()), quote=True)
    document = browser.run(FRAMED.format(width=width, page=text), "--dump-dom", "--window-size=1400,900")
    measured = re.fullmatch(r"width (\d+) of (\d+)", title(document))
    assert measured
    assert int(measured[2]) in {width, width - 15}
    assert int(measured[1]) <= int(measured[2])


def test_dark_and_light_are_different_pictures(browser: Browser) -> None:
    text = to_html(sample.report())
    light = browser.picture(text, "--window-size=1200,1600")
    dark = browser.picture(text, "--window-size=1200,1600", DARK)
    assert light.startswith(b"\x89PNG")
    assert light != dark
    assert min(len(light), len(dark)) > 50_000
