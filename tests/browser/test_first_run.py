"""The first minutes: the welcome page sends a mail, watches it become a case, and the case is answered."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from caseway.accounts.scope import every_organisation
from caseway.cases.models import Case
from caseway.intake.process import process_pending
from caseway.intake.receive import receive_piped
from caseway.outbound.send import send_due
from tests.browser.writing import message
from tests.companies import Company, make_company
from tests.servers.live import LiveApp
from tests.servers.smtp import SmtpServer
from tests.web.sample import PASSWORD

pytestmark = pytest.mark.browser


@pytest.fixture
def demo(transactional_db: None, tmp_path: Path, smtp_server: SmtpServer, monkeypatch: pytest.MonkeyPatch) -> Company:
    company = make_company(password=PASSWORD)
    values = {
        "email": "maya@fieldnote.example",
        "password": PASSWORD,
        "support_address": "support@fieldnote.example",
        "smtp": {"host": "127.0.0.1", "port": smtp_server.port},
        "imap": {"host": "127.0.0.1", "port": 993},
        "customer": {"address": "parker@brightwater.example"},
    }
    (tmp_path / "demo.json").write_text(json.dumps(values))
    monkeypatch.setattr(settings, "CASEWAY_DEMO", True)
    monkeypatch.setattr(settings, "DATA", tmp_path)
    monkeypatch.setattr(settings, "CASEWAY_SMTP_URL", f"smtp+plain://127.0.0.1:{smtp_server.port}")
    return company


@pytest.mark.parametrize("by", ["mouse", "keyboard"])
def test_from_the_first_page_to_the_first_answer(
    by: str, demo: Company, smtp_server: SmtpServer, live_web: LiveApp, page: Page
) -> None:
    page.goto(live_web.url)
    expect(page).to_have_url(re.compile("/welcome$"))
    subject = page.get_by_label("Subject")
    if by == "mouse":
        subject.fill("My first mail")
        page.get_by_role("button", name="Send test email").click()
    else:
        subject.press("Control+a")
        page.keyboard.type("My first mail")
        page.keyboard.press("Enter")
    expect(page.locator("#steps")).to_contain_text("Received over IMAP")
    (mail,) = smtp_server.wait_for(1)
    with every_organisation():
        receive_piped(demo.organisation, mail.raw, "support@fieldnote.example")
    process_pending()
    send_due()
    opens = page.get_by_role("button", name=re.compile(r"Open CW-\d+"))  # and sign in
    expect(opens).to_be_visible()
    expect(page.locator("#steps .diag__step--ok")).to_have_count(4)
    opens.click() if by == "mouse" else opens.press("Enter")
    expect(page.get_by_role("heading", name="My first mail")).to_be_visible()
    page.wait_for_load_state()
    if by == "mouse":
        message(page).click()
    else:
        page.keyboard.press("r")
    expect(message(page)).to_be_focused()
    page.keyboard.type("Welcome to Caseway.")
    if by == "mouse":
        page.get_by_role("button", name=re.compile("Send and set Waiting")).click()
    else:
        page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Reply sends in 10 s")).to_be_visible()
    with every_organisation():
        assert Case.objects.get().status == "waiting"
