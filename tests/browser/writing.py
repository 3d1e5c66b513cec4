"""What the tests of the composer share: a company with a case, people who are signed in, and the mail that left."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage

from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from caseway.accounts.scope import organisation_scope
from caseway.outbound.models import OutboundEmail
from caseway.outbound.send import send_due
from tests.servers.live import LiveApp
from tests.servers.smtp import SmtpServer
from tests.web.sample import Sample

PASTE = """([element, type, bytes, html]) => {
  const data = new DataTransfer();
  if (html) data.setData("text/html", html);
  else data.items.add(new File([Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0))], "pole.png", { type }));
  element.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
}"""


def open_parker(page: Page, app: LiveApp, sample: Sample) -> None:
    page.goto(f"{app.url}/cases/{sample.parker.number}")


def message(page: Page) -> Locator:
    """The editor that is open."""
    return page.get_by_role("textbox", name="Message", exact=True)


def saved(page: Page) -> None:
    expect(page.locator("[data-saved]:visible").first).to_have_text("Draft saved")


def leaves(sample: Sample, server: SmtpServer) -> EmailMessage:
    """The one reply of the outbox, as the server got it."""
    with organisation_scope(sample.organisation.pk):
        rows = OutboundEmail.objects.filter(kind="reply", state="queued")
        assert rows.count() == 1
        rows.update(send_at=timezone.now())
        OutboundEmail.objects.filter(state="queued").exclude(kind="reply").update(state="cancelled")
    send_due()
    found = message_from_bytes(server.accepted[-1].raw, policy=policy.default)
    assert isinstance(found, EmailMessage)
    return found


def body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")
