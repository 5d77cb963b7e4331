"""Take the pictures of docs/first-look.md anew: the path of a newcomer through the pages of the demo.

    .venv/bin/python .ci/pictures.py                                 # runs the demo first, about a minute
    .venv/bin/python .ci/pictures.py --url http://127.0.0.1:8080     # a demo that is shown

Needs what `python3 dev.py test` sets up, and chromium. Pictures are 1,280 pixels wide, light, under 200 kB each.
Prints how long a person who clicks at once waits for each page.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "pictures"
WIDTH = 1280
MOST_BYTES = 200_000


@contextmanager
def demo() -> Iterator[str]:
    """The address of the demo's pages, shown until the end."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "earshot", "demo", "--folder", f"{folder}/demo", "--serve", "--port", "0"]
        shown = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            lines = (re.search(r"http://\S+", line) for line in shown.stderr or () if "shows its pages" in line)
            found = next((match for match in lines if match), None)
            if found is None:
                sys.exit(f"The demo ended with {shown.wait()}.")
            yield found[0]
        finally:
            shown.terminate()
            shown.wait()


def picture(page: Page, name: str, *, top: str = "", height: int = 780) -> None:
    """Picture a strip of the page: from the element `top` (or the page's top) `height` pixels."""
    page.evaluate("Promise.all([...document.images].map(one => { one.loading = 'eager'; return one.decode(); }))")
    above = page.evaluate(_PLACE, top) - 16 if top else 0
    path = FOLDER / f"{name}.png"
    page.screenshot(path=path, full_page=True, clip={"x": 0, "y": above, "width": WIDTH, "height": height})
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1000:.0f} kB")
    if path.stat().st_size > MOST_BYTES:
        sys.exit(f"{path} has more than {MOST_BYTES} bytes")


_PLACE = "name => document.querySelector(name).getBoundingClientRect().top + window.scrollY"


def follow(page: Page, link: str) -> None:
    """Click and wait until the next page stands."""
    begun = time.monotonic()
    with page.expect_navigation(wait_until="load"):
        page.locator(link).first.click()
    print(f"{page.url}: {(time.monotonic() - begun) * 1000:.0f} ms")


def walk(page: Page, url: str) -> None:
    """The newcomer's path: overview, item, its quote in the conversation, its theme, approved."""
    begun = time.monotonic()
    page.goto(url)
    print(f"{page.url}: {(time.monotonic() - begun) * 1000:.0f} ms")
    picture(page, "overview", height=860)
    follow(page, "ol.firsts h3 a")
    item = page.url
    picture(page, "score", height=620)
    picture(page, "evidence", top="h2:has(+ ul.figures)", height=530)
    follow(page, "figure.quote figcaption a[href^='/conversations/']")
    picture(page, "conversation", height=760)
    page.goto(item)
    follow(page, "main a[href^='/themes/']")
    picture(page, "theme", height=930)
    page.goto(item)
    follow(page, "button[data-key='a']")
    picture(page, "approved", height=420)
    follow(page, "button:text('Back to draft')")
    page.goto(f"{url}/backlog")
    picture(page, "backlog", height=700)


def main() -> None:
    """Take all pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", help="a demo that is shown already")
    asked = parser.parse_args()
    FOLDER.mkdir(exist_ok=True)
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        sys.exit("There is no chromium.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": WIDTH, "height": 900}, reduced_motion="reduce")
        if asked.url:
            walk(page, asked.url.rstrip("/"))
        else:
            with demo() as url:
                walk(page, url)
        browser.close()


if __name__ == "__main__":
    main()
