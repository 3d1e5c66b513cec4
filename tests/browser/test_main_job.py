"""The main job, as its user does it: connect an address in the page, get mail, answer it, and read the answer's answer.

Everything is real: Dovecot with TLS and an authority of its own, an SMTP server that delivers into it, the web server,
worker and watcher, and Chromium.
"""

import re
from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import getaddresses

import pytest
from django.conf import settings
from playwright.sync_api import Locator, Page, expect

from caseway.accounts.models import Employee, Organisation, Role
from caseway.accounts.scope import every_organisation
from caseway.cases.models import Case
from caseway.mailboxes.models import Mailbox, SupportAddress
from tests.browser.signing_in import sign_in
from tests.mails import mail
from tests.servers.certificates import TestAuthority
from tests.servers.dovecot import Dovecot
from tests.servers.live import LiveApp
from tests.servers.smtp import SmtpServer
from tests.servers.waiting import wait_for
from tests.web.sample import PASSWORD

pytestmark = pytest.mark.browser

SUPPORT = "support@fieldnote.example"
PARKER = "parker@brightwater.example"
MAKE = Callable[..., SmtpServer]


@pytest.fixture
def people(transactional_db: None) -> None:
    with every_organisation():
        organisation = Organisation.objects.create(name="Fieldnote", slug="fieldnote")
        make = Employee.objects.create_employee
        make(organisation, "maya@fieldnote.example", "Maya Lindqvist", Role.ADMINISTRATOR, PASSWORD)
        make(organisation, "dana@fieldnote.example", "Dana Whitfield", Role.AGENT, PASSWORD)


@pytest.fixture(params=["IDLE", "no IDLE"])
def server(
    request: pytest.FixtureRequest, own_dovecot: Callable[..., Dovecot], monkeypatch: pytest.MonkeyPatch
) -> Dovecot:
    monkeypatch.setattr(settings, "CASEWAY_POLL_SECONDS", 1)
    dovecot = own_dovecot(idle=request.param == "IDLE")
    for address in (SUPPORT, "sales@fieldnote.example", PARKER):
        dovecot.add_user(address)
    return dovecot


@pytest.fixture
def smtp(make_smtp_server: MAKE, server: Dovecot) -> SmtpServer:
    """Delivers what it takes into Dovecot, as a company's mail server does."""

    def deliver(recipient: str, raw: bytes) -> None:
        if recipient in server.passwords:
            server.deliver(recipient, raw)

    return make_smtp_server(security="tls", users={SUPPORT: "correct horse"}, deliver=deliver)


@pytest.fixture(autouse=True)
def trust(authority: TestAuthority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "CASEWAY_CA_FILE", str(authority.ca_file))


class Hands:
    """Uses a page by mouse, or by keyboard alone."""

    def __init__(self, page: Page, *, by_keyboard: bool) -> None:
        self.page, self.by_keyboard = page, by_keyboard

    def press(self, target: Locator) -> None:
        if self.by_keyboard:
            target.press("Enter")
        else:
            target.click()

    def write(self, field: Locator, text: str) -> None:
        if not self.by_keyboard:
            field.click()
            field.fill(text)
            return
        field.focus()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(text)

    def choose(self, field: Locator, text: str) -> None:
        """In a drop-down: typing the first letters chooses."""
        if self.by_keyboard:
            field.focus()
            self.page.keyboard.type(text)
        else:
            field.select_option(label=text)

    def go_to_email_to_case(self) -> None:
        page = self.page
        if self.by_keyboard:
            page.keyboard.press("g")
            page.keyboard.press("s")
            page.wait_for_url("**/settings/**")
        else:
            page.get_by_role("button", name="More", exact=True).click()
            page.get_by_role("link", name="Settings").click()
        self.press(page.get_by_role("navigation", name="Settings").get_by_role("link", name="Email to Case"))

    def fill_address(self, server: Dovecot, smtp: SmtpServer, password: str) -> None:
        page = self.page
        self.write(page.get_by_label("Receiving Email Account"), SUPPORT)
        self.write(page.get_by_label("Password", exact=True), password)
        self.write(page.get_by_label("IMAP Host Name"), "localhost")
        self.write(page.locator("#f-imap_port"), str(server.tls_port))
        self.choose(page.get_by_label("Assigned To"), "Maya Lindqvist")
        self.press(page.get_by_text("More options"))
        self.write(page.get_by_label("SMTP Host Name"), "localhost")
        self.write(page.locator("#f-smtp_port"), str(smtp.port))
        self.choose(page.get_by_label("Protection of the SMTP connection"), "TLS")

    def answer(self, text: str) -> None:
        page = self.page
        message = page.get_by_role("textbox", name="Message", exact=True)
        if self.by_keyboard:
            page.keyboard.press("r")
        else:
            message.click()
        expect(message).to_be_focused()
        page.keyboard.type(text)
        if self.by_keyboard:
            page.keyboard.press("Control+Enter")
        else:
            page.get_by_role("button", name=re.compile("Send and set Waiting")).click()


def found(address: str, server: Dovecot, words: str) -> EmailMessage | None:
    """The latest message in the mailbox whose text holds the words."""
    for stored in reversed(server.messages(address)):
        message = message_from_bytes(stored.raw, policy=policy.default)
        body = message.get_body(("plain",))
        if body is not None and words in body.get_content():
            return message
    return None


@pytest.mark.timeout(600)  # a working day in one test, with every server of it
def test_from_connecting_an_address_to_the_answer_of_the_answer(
    people: None, server: Dovecot, smtp: SmtpServer, live_app: LiveApp, page: Page
) -> None:
    server.deliver(SUPPORT, mail(subject="Old mail, from before the connection"))
    hands = Hands(page, by_keyboard=not server.idle)
    sign_in(page, live_app)
    hands.go_to_email_to_case()
    hands.press(page.get_by_role("link", name="Add", exact=True).first)
    page.wait_for_url("**/email-to-case/add")

    # Authenticate with a wrong password: the step that fails says so, and nothing is saved.
    hands.fill_address(server, smtp, "wrong")
    hands.press(page.get_by_role("button", name="Authenticate"))
    expect(page.get_by_role("heading", name="Login did not work")).to_be_visible(timeout=30_000)
    drawer = page.locator("#drawer")
    expect(drawer).to_contain_text("DNS")
    expect(drawer.locator(".diag__step--bad")).to_contain_text(re.compile("password", re.IGNORECASE))
    expect(drawer.locator(".raw")).to_contain_text(re.compile("auth", re.IGNORECASE))
    with every_organisation():
        assert not Mailbox.objects.exists()

    # Then with the right one: back to the form, which kept everything but the password.
    hands.press(page.get_by_role("link", name="Back to the form"))
    expect(page.get_by_label("Receiving Email Account")).to_have_value(SUPPORT)
    expect(page.get_by_label("Password", exact=True)).to_have_value("")
    hands.write(page.get_by_label("Password", exact=True), "correct horse")
    hands.press(page.get_by_role("button", name="Authenticate"))
    expect(page.get_by_text(f"{SUPPORT} works.")).to_be_visible(timeout=60_000)
    hands.press(page.get_by_role("link", name="Done"))
    expect(page.get_by_text("Connected")).to_be_visible(timeout=30_000)
    expect(page.locator(".mailbox")).to_contain_text("IDLE" if server.idle else "no IDLE")

    # A customer writes; the case appears in My Cases without reload.
    page.get_by_role("navigation", name="Universal navigation").get_by_role("link", name="Cases").click()
    expect(page.get_by_role("heading", name="Cases", exact=True)).to_be_visible()
    page.wait_for_load_state()
    page.evaluate("window.kept = true")
    server.deliver(SUPPORT, mail(subject="Tent pole snapped", cc="kim@brightwater.example"))
    row = page.locator(".caserow").filter(has_text="Tent pole snapped")
    expect(row).to_be_visible(timeout=30_000)
    assert page.evaluate("window.kept") is True
    expect(page.locator(".caserow").filter(has_text="Old mail")).to_have_count(0)

    # The acknowledgement is in the customer's mailbox.
    acknowledgement = wait_for(lambda: found(PARKER, server, "Your case: CW-1"), "the acknowledgement")
    assert acknowledgement["Auto-Submitted"] == "auto-replied"
    assert "Tent pole snapped" in acknowledgement["Subject"]

    # Answer from the page.
    page.goto(f"{live_app.url}/cases/1")
    hands.answer("It leaves today at 14:00.")
    expect(page.locator(".msg--out").last).to_contain_text("It leaves today at 14:00.")
    answer = wait_for(lambda: found(PARKER, server, "It leaves today"), "the answer", 40)
    with every_organisation():
        question = Case.objects.get().messages.filter(direction="in").get()
    assert getaddresses([answer["From"]])[0][1] == SUPPORT
    assert [address for _, address in getaddresses([answer["Cc"]])] == ["kim@brightwater.example"]
    assert answer["In-Reply-To"] == f"<{question.message_identifier}>"
    assert f"<{question.message_identifier}>" in answer["References"]
    expect(page.get_by_text("Sent", exact=True).first).to_be_visible(timeout=20_000)
    expect(page.locator(".aside")).to_contain_text("Waiting")

    # The customer answers the answer: it joins, the open page shows it by itself, and the case is open again.
    server.deliver(
        SUPPORT,
        mail(subject="AW: whatever", text="Thank you, it arrived.", in_reply_to=str(answer["Message-ID"])),
    )
    expect(page.get_by_text("Thank you, it arrived.").first).to_be_visible(timeout=30_000)
    expect(page.locator(".aside")).to_contain_text("Open")
    with every_organisation():
        assert Case.objects.count() == 1
    assert not any("\\Seen" in stored.flags for stored in server.messages(SUPPORT))


def test_add_to_cc_and_from_email_id_in_the_composer(
    people: None, server: Dovecot, smtp: SmtpServer, live_app: LiveApp, page: Page
) -> None:
    with every_organisation():
        organisation = Organisation.objects.get()
        maya = Employee.objects.get(name="Maya Lindqvist")
        for name, from_id, add_cc in (("support", False, True), ("sales", True, False)):
            box = Mailbox.objects.create(
                organisation=organisation,
                address=f"{name}@fieldnote.example",
                login=f"{name}@fieldnote.example",
                password="correct horse",
                imap_host="localhost",
                imap_port=server.tls_port,
                smtp_host="localhost",
                smtp_port=smtp.port,
                smtp_login=SUPPORT,
                smtp_password="correct horse",
            )
            SupportAddress.objects.create(
                organisation=organisation,
                mailbox=box,
                address=box.address,
                assigned_employee=maya,
                is_default=True,
                from_email_id=from_id,
                add_to_cc=add_cc,
            )
    wait_for(_all_watched, "both mailboxes to be watched", 30)
    server.deliver(SUPPORT, mail(subject="Which From?"))
    sign_in(page, live_app)
    wait_for(lambda: _cases() == 1, "the case")
    page.goto(f"{live_app.url}/cases/1")
    expect(page.locator("form[aria-label=Reply]")).to_contain_text("sales@fieldnote.example")
    expect(page.locator("#added-cc")).to_contain_text(SUPPORT)
    page.locator("#reply-text").fill("From sales, with support in copy.")
    page.get_by_role("button", name=re.compile("Send and set Waiting")).click()
    answer = wait_for(lambda: found(PARKER, server, "From sales"), "the answer", 40)
    assert "CW-1" in answer["Subject"]
    replies = [one for one in smtp.accepted if b"From sales" in one.raw]
    assert len(replies) == 1
    message = replies[0].message
    assert getaddresses([message["From"]])[0][1] == "sales@fieldnote.example"
    assert [address for _, address in getaddresses([message["Cc"]])] == [SUPPORT]
    # Our own copy comes back into support@ and makes nothing.
    wait_for(lambda: _ignored_copies() == 1, "the copy to be recognised", 30)
    assert _cases() == 1


def _all_watched() -> bool:
    with every_organisation():
        return Mailbox.objects.exclude(watched_by="").count() == 2


def _cases() -> int:
    with every_organisation():
        return Case.objects.count()


def _ignored_copies() -> int:
    from caseway.intake.models import InboundEmail

    with every_organisation():
        return InboundEmail.objects.filter(state="ignored", kind="loop", subject__contains="Which From").count()
