"""Signing in, as every test of a browser begins."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.servers.live import LiveApp
from tests.web.sample import PASSWORD


def sign_in(page: Page, app: LiveApp, name: str = "maya", *, to: str = "/cases", password: str = PASSWORD) -> None:
    """Sign `name` in at `to`. Afterwards that page is loaded: its scripts listen, so keys may be pressed."""
    page.goto(f"{app.url}/sign-in?next={to}")
    page.get_by_label("Email").fill(f"{name}@fieldnote.example")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: not url.startswith(f"{app.url}/sign-in"))  # waits for its load event, too
