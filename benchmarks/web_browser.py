"""First paint and interaction in Chromium, on the demo with its sample mail: bin/bench web --browser."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.stack import end, wait_for

FIRST_PAINT = 500.0  # milliseconds
INTERACTION = 100.0
ROUNDS = 7

PAINT = """() => new Promise((done) => {
    const found = () => performance.getEntriesByName('first-contentful-paint')[0]?.startTime;
    const look = () => { const at = found(); if (at === undefined) setTimeout(look, 10); else done(at); };
    look();
})"""
# From the key press until the browser has drawn what it changed.
PRESS = """(key) => new Promise((done) => {
    const target = document.activeElement ?? document.body;
    const began = performance.now();
    target.dispatchEvent(new KeyboardEvent('keydown', {...key, bubbles: true, cancelable: true}));
    requestAnimationFrame(() => setTimeout(() => done(performance.now() - began)));
})"""


def measure() -> int:
    """Start a demo in a folder of its own, measure, stop it. 0 when both bars hold."""
    from tests.servers.ports import free_port

    with tempfile.TemporaryDirectory(prefix="caseway-demo-") as name:
        folder, port = Path(name), free_port()
        folder.chmod(0o755)
        command = [sys.executable, "-m", "caseway.ops", "demo", "--port", str(port), "--data", name]
        environment = {key: value for key, value in os.environ.items() if not key.startswith("CASEWAY_")}
        with (folder / "said").open("wb") as said:
            demo = subprocess.Popen(command, env=environment, stdout=said, stderr=said)  # noqa: S603
        try:
            wait_for(lambda: "sample" in (folder / "said").read_text() or demo.poll() is not None, "the demo", 240, 0.5)
            site = json.loads((folder / "demo.json").read_text())
            return _in_chromium(site, f"http://localhost:{port}")
        finally:
            end(demo)


def _in_chromium(site: dict[str, Any], url: str) -> int:
    from playwright.sync_api import sync_playwright
    from tests.servers.browser import QUIET, chromium_program

    root = [*QUIET, "--no-sandbox"] if os.geteuid() == 0 else QUIET
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_program(), args=root)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(f"{url}/sign-in")
        page.get_by_label("Email").fill(site["people"][0]["email"])
        page.get_by_label("Password").fill(site["people"][0]["password"])
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/cases*")
        over = 0
        for path in ("/cases/all-open", "/cases/1", "/search?q=order", "/contacts", "/settings"):
            found = []
            for _ in range(ROUNDS):
                page.goto(url + path)
                found.append(float(page.evaluate(PAINT)))
            over += _say(f"first contentful paint {path}", found, FIRST_PAINT)
        page.goto(f"{url}/cases/all-open")
        keys = {
            "next row (J)": {"key": "j"},
            "palette (Ctrl K)": {"key": "k", "ctrlKey": True},
            "palette closes (Ctrl K)": {"key": "k", "ctrlKey": True},
        }
        for name, key in keys.items():
            found = []
            for _ in range(ROUNDS):
                found.append(float(page.evaluate(PRESS, key)))
                if "palette" in name:
                    page.keyboard.press("Escape")
            over += _say(f"interaction {name}", found, INTERACTION)
        browser.close()
    return 1 if over else 0


def _say(name: str, found: list[float], bar: float) -> bool:
    middle, worst = statistics.median(found), max(found)
    is_over = middle > bar
    print(f"{name:48} median {middle:6.0f} ms  worst {worst:6.0f} ms  bar {bar:.0f}{'  OVER' if is_over else ''}")
    return is_over
