"""axe-core on every page, light and dark, desktop and phone: no violation of WCAG 2.2 AA or best practice."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Page

from caseway.accounts.scope import organisation_scope
from caseway.intake.models import Alarm, DailyCount, HistoryImport
from tests.browser.signing_in import sign_in
from tests.servers.live import LiveApp
from tests.web.sample import Sample, make_sample
from tests.web.shot_states import furnish, reading, states, translated
from tests.web.shots import DESKTOP, PHONE, pages

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]


LOOKS = pytest.mark.parametrize(
    ("scheme", "viewport"), [("light", DESKTOP), ("dark", PHONE)], ids=["light", "dark-phone"]
)


@pytest.fixture
def sample(transactional_db: None) -> Sample:
    """A company with something to say on every page."""
    sample = make_sample()
    furnish(sample)
    with organisation_scope(sample.support.organisation_id):
        of_mailbox = {"organisation_id": sample.support.organisation_id, "mailbox": sample.support.mailbox}
        HistoryImport.objects.create(**of_mailbox, total=4120, seen=1800)
        DailyCount.objects.create(**of_mailbox, day=timezone.localdate(), on_server=3, in_cases=2, missing=1)
        Alarm.objects.create(
            organisation_id=sample.support.organisation_id, kind="missing", text="1 message is missing."
        )
    return sample


@LOOKS
def test_no_violation_and_no_sideways_scroll(
    scheme: str, viewport: dict[str, int], new_page: Callable[..., Page], live_web: LiveApp, sample: Sample
) -> None:
    page = new_page(color_scheme=scheme, viewport=viewport, reduced_motion="reduce")
    page.goto(f"{live_web.url}/sign-in")
    found = report(page, "login")
    sign_in(page, live_web)
    for name, path in pages(sample).items():
        page.goto(live_web.url + path)
        found += report(page, name)
    assert not found, "\n".join(found)


@LOOKS
def test_menus_dialogs_and_other_states_keep_to_it(
    scheme: str, viewport: dict[str, int], new_page: Callable[..., Page], live_web: LiveApp, sample: Sample
) -> None:
    page = new_page(color_scheme=scheme, viewport=viewport, reduced_motion="reduce")
    sign_in(page, live_web)
    found: list[str] = []
    for name, (path, step) in states(sample).items():
        page.goto(live_web.url + path)
        page.wait_for_timeout(200)
        step(page, sample)
        found += report(page, name)
    assert not found, "\n".join(found)


@LOOKS
def test_so_do_pages_that_run_from_right_to_left(
    scheme: str, viewport: dict[str, int], new_page: Callable[..., Page], live_web: LiveApp, sample: Sample
) -> None:
    page = new_page(color_scheme=scheme, viewport=viewport, reduced_motion="reduce")
    sign_in(page, live_web)
    found: list[str] = []
    with reading(sample, "ar"):
        for name, path in translated(sample).items():
            page.goto(live_web.url + path)
            found += report(page, name)
    assert not found, "\n".join(found)


def report(page: Page, name: str) -> list[str]:
    page.wait_for_timeout(250)
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        return [f"{name}: scrolls sideways"]
    result = Axe().run(page)
    return [
        f"{name}: {violation['id']}: {violation['help']}: {[node['html'][:140] for node in violation['nodes'][:3]]}"
        for violation in result.response["violations"]
    ]
