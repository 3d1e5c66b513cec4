"""A real Chromium, driven by Playwright."""

import os
import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

PATIENCE = 30_000
"""Milliseconds that a test waits for what must come. Long: other programs may have the machine meanwhile."""
QUIET = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]


def chromium_program() -> str:
    """Debian's Chromium, or the program that CASEWAY_CHROMIUM names."""
    names = [os.environ.get("CASEWAY_CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome"]
    found = next((path for name in names if name and (path := shutil.which(name))), None)
    if found is None:
        pytest.fail("Chromium is missing: apt-get install chromium (bin/test does it when root), or CASEWAY_CHROMIUM=…")
    return found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for a module; use `page` or `new_page` for a fresh profile.

    Not for the whole run: while Playwright's loop lives in this thread, Django's test client cannot call an
    asynchronous view in it.
    """
    # The tests' own queries are made in the loop's thread too, one at a time.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    expect.set_options(timeout=PATIENCE)
    arguments = [*QUIET, "--no-sandbox"] if os.geteuid() == 0 else QUIET
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium_program(), args=arguments)
        yield running
        running.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def new_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Make pages with profiles of their own: `new_page(color_scheme="dark", viewport={"width": 390, "height": 844})`.

    A script error that nobody caught fails the test.
    """
    contexts = []
    errors: list[str] = []

    def make(**options: object) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **options})  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    yield make
    for context in contexts:
        context.close()
    assert not errors, f"scripts failed in the page: {errors}"


@pytest.fixture
def page(new_page: Callable[..., Page]) -> Page:
    """A desktop page, light."""
    return new_page(color_scheme="light")
