"""The states that a page has beside its first look: menus, dialogs, a bar, two people in one case, other languages."""

from __future__ import annotations

import json
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin

from django.test import override_settings
from django.utils import timezone
from playwright.sync_api import Page

from caseway.accounts.models import Employee
from caseway.accounts.scope import organisation_scope
from caseway.cases.models import Case, Viewing, WrittenDraft
from caseway.intake.process import process_pending
from caseway.intake.receive import receive_piped
from caseway.outbound.models import CannedReply, OutboundEmail, Signature
from caseway.outbound.reply import ReplyDraft, choices, reply
from caseway.web.first_run import TEST_MAIL
from tests.web.sample import Sample

Step = Callable[[Page, Sample], None]
DRAFT = "Hi Parker, it leaves today at 14:00 and goes to the hut at Lakeside Road 4. You should have it on Thursday."
LANGUAGES = ("de", "ar")


def states(sample: Sample) -> dict[str, tuple[str, Step]]:
    """What to open and what to do there, by the picture's name. What stays behind (a draft, a mail) comes last."""
    case = f"/cases/{sample.parker.number}"
    return {
        "cases-list-filtered": ("/cases?status=new&status=open&source=email", nothing),
        "cases-list-filter": ("/cases", filter_picker),
        "cases-list-order": ("/cases", opens('[popovertarget="order-menu"]')),
        "cases-list-grouped": ("/cases?group=status", nothing),
        "cases-list-views": ("/cases", opens('[popovertarget="more-views"]')),
        "cases-list-save-view": ("/cases?status=new", save_view),
        "cases-list-saved-views": ("/cases/views", nothing),
        "cases-list-bulk": ("/cases", bulk),
        "cases-list-bulk-assign": ("/cases", bulk_menu("assign")),
        "cases-list-bulk-more": ("/cases", bulk_more),
        "cases-list-more": ("/cases", opens('[popovertarget="more"]')),
        "cases-list-keys": ("/cases", keys("?")),
        "cases-list-account": ("/cases", opens('[popovertarget="account-menu"]')),
        "palette": ("/cases", keys("Control+k")),
        "palette-found": ("/cases", palette_found),
        "notices-pane": ("/cases", opens(".bell--button")),
        "case-snooze": (case, opens('[popovertarget="menu-snooze"]')),
        "case-assign": (case, keys("a")),
        "case-status": (case, keys("s")),
        "case-more": (case, opens(".apphead .btn--icon[popovertarget]:has(svg)")),
        "case-merge": (case, merge),
        "case-canned": (case, canned),
        "case-typed": (case, typed),
        "case-send-later": (case, send_later),
        "case-presence": (case, presence),
        "case-history": (f"{case}/history", nothing),
        "case-new-mail": ("/cases/new/mail", nothing),
        "settings-canned-replies": ("/settings/canned-replies", nothing),
        "settings-canned-reply": ("/settings/canned-replies/add", nothing),
        "settings-signatures": ("/settings/signatures", nothing),
        "profile-signatures": ("/profile/signatures", nothing),
        "first-run": ("/cases", first_run),
        "case-conflict": (case, conflict),
        "case-note": (case, note),
    }


def translated(sample: Sample) -> dict[str, str]:
    """Pages where long words or the other direction show what a layout is worth."""
    number = sample.parker.number
    return {
        "cases-list": "/cases",
        "case": f"/cases/{number}",
        "contact": f"/contacts/{sample.parker.contact_id}",
        "settings": "/settings/email-to-case",
        "settings-add": "/settings/email-to-case/add",
        "settings-fields": "/settings/fields",
        "settings-mail-log": "/settings/mail-log",
        "settings-employees": "/settings/employees",
        "profile": "/profile",
    }


@contextmanager
def reading(sample: Sample, language: str) -> Iterator[None]:
    """Maya reads Caseway in another language for a while."""

    def change(to: str) -> None:
        with organisation_scope(sample.organisation.pk):
            Employee.objects.filter(pk=sample.maya.pk).update(language=to)

    change(language)
    try:
        yield
    finally:
        change("")


def furnish(sample: Sample) -> None:
    """Canned replies and a signature, which only these pictures need."""
    hut = "<p>Hello {{ contact.name }},</p><p>the courier brings it to the hut, <b>not</b> to the office.</p>"
    company = sample.organisation
    with organisation_scope(company.pk):
        make = CannedReply.objects.create
        make(organisation=company, title="Courier to the hut", shortcut="courier", text=hut, is_html=True)
        make(organisation=company, title="Broken pole, what we need", shortcut="pole", text="A photo, please.")
        make(organisation=company, title="Thanks for the photos", text="Thank you, that helps.")
        Signature.objects.create(organisation=company, html="<p>{{ employee.name }}, Fieldnote Outdoors</p>")


def nothing(page: Page, sample: Sample) -> None:
    """The page as it comes."""


def first_run(page: Page, sample: Sample) -> None:
    """The demo's first page, with a test mail that went its way."""
    identifier = f"{time.time_ns() // 1_000_000}.{uuid.uuid4().hex}{TEST_MAIL}"
    head = f"From: Parker Ehlers <parker@brightwater.example>\r\nMessage-ID: <{identifier}>\r\nSubject: Pole"
    receive_piped(sample.organisation, f"{head}\r\n\r\nHelp".encode(), sample.support.address)
    process_pending()
    with organisation_scope(sample.organisation.pk):
        OutboundEmail.objects.filter(state="queued", kind="acknowledgement").update(
            state="sent", sent_at=timezone.now()
        )
    values = {
        "email": sample.maya.email,
        "password": "amber-otter-4471",
        "support_address": sample.support.address,
        "smtp": {"host": "127.0.0.1", "port": 34159},
        "imap": {"host": "127.0.0.1", "port": 51397},
    }
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "demo.json").write_text(json.dumps(values))
        with override_settings(CASEWAY_DEMO=True, DATA=Path(folder)):
            page.goto(urljoin(page.url, f"/welcome?sent={identifier}"))


def opens(selector: str) -> Step:
    def step(page: Page, sample: Sample) -> None:
        button = page.locator(f"{selector}:visible").last
        if button.count():
            button.click()

    return step


def keys(*pressed: str) -> Step:
    def step(page: Page, sample: Sample) -> None:
        for key in pressed:
            page.keyboard.press(key)

    return step


def filter_picker(page: Page, sample: Sample) -> None:
    page.click("[data-filter-button]")
    page.locator(".picker-section summary").first.click()


def save_view(page: Page, sample: Sample) -> None:
    page.click('[popovertarget="more-views"]')
    page.click('[data-open-dialog="save-view"]')


def bulk(page: Page, sample: Sample) -> None:
    page.wait_for_selector(".caserow")
    for key in ("x", "j", "x", "j", "x"):
        page.keyboard.press(key)


def bulk_menu(name: str) -> Step:
    def step(page: Page, sample: Sample) -> None:
        bulk(page, sample)
        page.click(f'[data-bulk-menu="{name}"]')

    return step


def bulk_more(page: Page, sample: Sample) -> None:
    bulk(page, sample)
    page.click('[popovertarget="bulk-more"]')


def palette_found(page: Page, sample: Sample) -> None:
    page.keyboard.press("Control+k")
    page.fill("#palette-input", "parker")


def merge(page: Page, sample: Sample) -> None:
    page.keyboard.press("m")
    page.fill("#finder-q", "order")


def compose(page: Page) -> None:
    """The reply, whatever the editor stood on; phones fold it."""
    button = page.locator(':is([data-compose="reply"], [data-tab="reply"]):visible')
    button.first.click()


def canned(page: Page, sample: Sample) -> None:
    compose(page)
    page.click("[data-open-canned]:visible")


def typed(page: Page, sample: Sample) -> None:
    compose(page)
    page.locator("#reply-form [contenteditable]").click()
    page.keyboard.press("Control+a")  # what an earlier picture left
    page.keyboard.type(DRAFT)
    page.click('#reply-form [data-show$="toolbar"]')


def note(page: Page, sample: Sample) -> None:
    page.keyboard.press("n")
    page.keyboard.type("Ask @da")


def send_later(page: Page, sample: Sample) -> None:
    compose(page)
    page.locator('#reply-form [popovertarget$="sendas"]').click()


def presence(page: Page, sample: Sample) -> None:
    """Dana has the same case open, types, and has half an answer."""
    now = timezone.now()
    with organisation_scope(sample.organisation.pk):
        one = {"organisation": sample.organisation, "case": sample.parker, "employee": sample.dana}
        Viewing.objects.update_or_create(**one, tab="dana", defaults={"seen_at": now, "typed_at": now})
        if not WrittenDraft.objects.filter(employee=sample.dana).exists():
            WrittenDraft.objects.create(**one, text="Hi Parker, Bergen has three pole sets left.")
    page.reload()
    page.wait_for_selector(".presence")


def conflict(page: Page, sample: Sample) -> None:
    """Dana sends first."""
    typed(page, sample)
    with organisation_scope(sample.organisation.pk):
        case = Case.objects.select_related("contact", "organisation").get(pk=sample.parker.pk)
        offered = choices(case, sample.dana)
        assert offered.default_from is not None
        draft = ReplyDraft(offered.default_from, offered.to, "Hi Parker, the courier comes at 14:00.", undo_seconds=0)
        reply(case, sample.dana, draft)
    page.locator("#reply-form [data-send]").click()
    page.wait_for_selector("#conflict")
