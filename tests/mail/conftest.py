"""A page of a real browser for what only a browser can tell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

REPORT = """
    window.ran = window.alert = window.prompt = window.confirm = window.print = () => { window.name = 'a script ran' };
"""


PLACE = "http://page.example/"


class ShownPage:
    """A page of a real browser: show HTML, then ask what happened."""

    def __init__(self, page: Any) -> None:
        self._page = page
        self._html = ""
        self.requests: list[str] = []
        """What was asked for besides the page itself, and dialogs."""
        page.add_init_script(REPORT)
        page.on("dialog", self._note_dialog)
        page.route("**/*", self._answer)

    def show(self, html: str) -> None:
        self._html = f"<!doctype html><meta charset=utf-8><body>{html}</body>"
        self._page.goto(PLACE)

    def run(self, script: str) -> Any:
        return self._page.evaluate(script)

    @property
    def script_ran(self) -> bool:
        """`window.name` outlives the document, so that no page can forget."""
        return bool(self.run("window.name"))

    def _answer(self, route: Any) -> None:
        if route.request.url == PLACE:
            route.fulfill(body=self._html, content_type="text/html")
        else:
            if not route.request.url.endswith("/favicon.ico"):
                self.requests.append(route.request.url)
            route.abort()

    def _note_dialog(self, dialog: Any) -> None:
        self.requests.append(f"dialog: {dialog.message}")
        dialog.dismiss()


@pytest.fixture
def shown_page(browser: Browser) -> Iterator[ShownPage]:
    context = browser.new_context()
    yield ShownPage(context.new_page())
    context.close()
