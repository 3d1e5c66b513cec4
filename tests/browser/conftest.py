"""What the tests of writing begin with: a company, its mail server, and Maya at a case."""

from __future__ import annotations

import pytest
from django.conf import settings
from playwright.sync_api import Page

from caseway.accounts.scope import organisation_scope
from caseway.outbound.models import CannedReply
from tests.browser.signing_in import sign_in
from tests.browser.writing import open_parker
from tests.servers.live import LiveApp
from tests.servers.smtp import SmtpServer
from tests.web.sample import Sample, make_sample


@pytest.fixture
def sample(transactional_db: None) -> Sample:
    return make_sample()


@pytest.fixture
def server(smtp_server: SmtpServer, monkeypatch: pytest.MonkeyPatch, sample: Sample) -> SmtpServer:
    from caseway.mailboxes.models import Mailbox

    monkeypatch.setattr(settings, "CASEWAY_SMTP_URL", f"smtp+plain://127.0.0.1:{smtp_server.port}")
    with organisation_scope(sample.organisation.pk):
        Mailbox.objects.update(smtp_host="")
        text = "<p>Hi {{ contact.first_name }}, it leaves with the <b>courier</b>.</p>"
        for title, shortcut in (("Courier, same day", "courier"), ("Warranty", "warranty")):
            CannedReply.objects.create(
                organisation=sample.organisation, title=title, shortcut=shortcut, text=text, is_html=True
            )
    return smtp_server


@pytest.fixture
def parker(page: Page, live_web: LiveApp, sample: Sample) -> Page:
    """Maya, at Parker's case."""
    sign_in(page, live_web)
    open_parker(page, live_web, sample)
    return page
