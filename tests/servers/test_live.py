"""The live application answers a real browser."""

import pytest
from playwright.sync_api import Page

from caseway.accounts.models import Organisation
from caseway.accounts.scope import every_organisation
from tests.servers.live import LiveApp


@pytest.mark.browser
def test_browser_reaches_the_live_application(live_web: LiveApp, page: Page) -> None:
    with every_organisation():
        Organisation.objects.create(name="Seen by both", slug="seen")
    answer = page.goto(f"{live_web.url}/there-is-no-such-page")
    assert answer is not None
    assert answer.status == 404
