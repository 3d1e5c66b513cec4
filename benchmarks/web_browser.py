"""First paint and interaction in Chromium, on the demo with its sample company: bin/bench web --browser."""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.stack import end, wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

FIRST_PAINT = 500.0  # milliseconds
INTERACTION = 100.0
ROUNDS = 9
STORY_SECONDS = 900

PAGES = ("/cases/all-open", "/cases/1", "/search?q=order", "/contacts", "/settings")

PAINT = """() => new Promise((done) => {
    const found = () => performance.getEntriesByName('first-contentful-paint')[0]?.startTime;
    const look = () => { const at = found(); if (at === undefined) setTimeout(look, 10); else done(at); };
    look();
})"""
# Event Timing: from the key or the click until the browser has drawn what came of it, in steps of 8 ms.
OBSERVE = """() => {
    window.measured = 0;
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) window.measured = Math.max(window.measured, entry.duration);
    }).observe({type: 'event', durationThreshold: 16});
}"""
DRAWN = """() => new Promise((done) => {
    requestAnimationFrame(() => setTimeout(() => { const found = window.measured; window.measured = 0; done(found); }, 60));
})"""  # noqa: E501
NOW = "() => performance.timeOrigin + performance.now()"
PAINTED_AT = f"() => ({PAINT})().then((at) => performance.timeOrigin + at)"


def measure() -> int:
    """Start a demo in a folder of its own, wait for its sample company, measure, stop it. 0 when both bars hold."""
    from tests.servers.ports import free_port

    from caseway.ops.story.run import is_over

    with tempfile.TemporaryDirectory(prefix="caseway-demo-") as name:
        folder, port = Path(name), free_port()
        folder.chmod(0o755)
        command = [sys.executable, "-m", "caseway.ops", "demo", "--port", str(port), "--data", name]
        environment = {key: value for key, value in os.environ.items() if not key.startswith("CASEWAY_")}
        with (folder / "said").open("wb") as said:
            demo = subprocess.Popen(command, env=environment, stdout=said, stderr=said)  # noqa: S603
        try:
            # from then on nothing but the browser asks the machine for anything
            wait_for(lambda: is_over(folder) or demo.poll() is not None, "the demo", STORY_SECONDS, 0.5)
            if demo.poll() is not None:
                raise SystemExit("The demo ended:\n" + (folder / "said").read_text())
            site = json.loads((folder / "demo.json").read_text())
            return _in_chromium(site)
        finally:
            end(demo)


def _in_chromium(site: dict[str, Any]) -> int:
    from playwright.sync_api import sync_playwright
    from tests.servers.browser import QUIET, chromium_program

    root = [*QUIET, "--no-sandbox"] if os.geteuid() == 0 else QUIET
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_program(), args=root)
        page = _signed_in(browser, site)
        over = sum([*_paints(browser, page, site), *_interactions(page, site["url"])])
        browser.close()
    return 1 if over else 0


def _signed_in(browser: Browser, site: dict[str, Any], cookies: Any = None) -> Page:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    if cookies:
        context.add_cookies(cookies)
        return page
    page.goto(f"{site['url']}/sign-in")
    page.get_by_label("Email").fill(site["email"])
    page.get_by_label("Password").fill(site["password"])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/cases*")
    return page


def _paints(browser: Browser, page: Page, site: dict[str, Any]) -> list[bool]:
    """As a browser that was never here, which has to fetch style sheet and scripts too, and as one that was."""
    cookies = page.context.cookies()
    over = []
    for path in PAGES:
        first, again = [], []
        for _ in range(ROUNDS):
            page.goto(site["url"] + path)
            again.append(float(page.evaluate(PAINT)))
            stranger = _signed_in(browser, site, cookies)
            stranger.goto(site["url"] + path)
            first.append(float(stranger.evaluate(PAINT)))
            stranger.context.close()
        over += [_say(f"first contentful paint {path}, nothing cached", first, FIRST_PAINT)]
        over += [_say(f"first contentful paint {path}", again, FIRST_PAINT)]
    return over


def _interactions(page: Page, url: str) -> list[bool]:
    """Keys and clicks, from the press until what came of it is drawn."""

    def pressed(*keys: str) -> float:
        for key in keys:
            page.keyboard.press(key)
        return float(page.evaluate(DRAWN))

    def measured(name: str, path: str, act: Callable[[], float], undo: Callable[[], object] | None = None) -> bool:
        page.goto(url + path)
        page.evaluate(OBSERVE)
        found = []
        for _ in range(ROUNDS):
            found.append(act())
            if undo is not None:
                undo()
                page.evaluate(DRAWN)
        return _say(f"interaction: {name}", found, INTERACTION)

    def opened() -> float:
        page.goto(f"{url}/cases/all-open")
        page.keyboard.press("j")
        began = float(page.evaluate(NOW))
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(r"/cases/\d+"))
        return float(page.evaluate(PAINTED_AT)) - began

    def escape() -> None:
        page.keyboard.press("Escape")

    in_palette = _letter(page, pressed, "Control+k", "one.matches('input')")
    in_answer = _letter(page, pressed, "r", "one.isContentEditable")
    return [
        measured("next row (J)", "/cases/all-open", lambda: pressed("j")),
        measured("tick a row (X)", "/cases/all-open", lambda: pressed("x")),
        measured("filters (F)", "/cases/all-open", lambda: pressed("f"), escape),
        measured("palette (Ctrl K)", "/cases/all-open", lambda: pressed("Control+k"), escape),
        measured("a letter in the palette", "/cases/all-open", in_palette),
        measured("status (S)", "/cases/1", lambda: pressed("s"), escape),
        measured("assign (A)", "/cases/1", lambda: pressed("a"), escape),
        measured("reply (R)", "/cases/1", lambda: pressed("r"), escape),
        measured("a letter in an answer", "/cases/1", in_answer),
        _say("open a case (Enter) until it is painted", [opened() for _ in range(ROUNDS)], FIRST_PAINT),
    ]


def _letter(page: Page, pressed: Callable[..., float], opens: str, is_open: str) -> Callable[[], float]:
    """A letter that is typed, where `opens` is pressed first unless the place for it has the focus."""

    def letter() -> float:
        if not page.locator(":focus").evaluate_all(f"found => found.some(one => {is_open})"):
            pressed(opens)
        return pressed("o")

    return letter


def _say(name: str, found: list[float], bar: float) -> bool:
    middle, worst = statistics.median(found), max(found)
    is_over = middle > bar
    said = f"{middle:6.0f} ms" if middle else " < 16 ms"  # what Event Timing does not report
    print(f"{name:64} median {said}  worst {worst:6.0f} ms  bar {bar:.0f}{'  OVER' if is_over else ''}", flush=True)
    return is_over
