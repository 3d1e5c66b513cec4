"""A small believable company for pictures: real mails through the real intake, real verbs, a few weeks of history."""

# ruff: noqa: E501 - the mails read better in one line each
from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from email.utils import format_datetime, formataddr

from django.utils import timezone

from caseway.accounts.models import ApiToken, Employee, Organisation, Role
from caseway.accounts.scope import organisation_scope
from caseway.cases import setup
from caseway.cases.models import Case, Message, Priority, Status
from caseway.contacts.exchange import importing
from caseway.contacts.models import Contact, Customer
from caseway.intake.models import InboundEmail, SenderRule
from caseway.intake.process import process_pending
from caseway.intake.receive import receive_piped
from caseway.mail.address import parse_addresses
from caseway.mailboxes.models import Diagnosis, DiagnosisState, Mailbox, MailboxState, SupportAddress
from caseway.outbound.models import OutboundEmail, Pause
from caseway.outbound.reply import ReplyDraft, choices, reply

PASSWORD = "amber-otter-4471"
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAGUlEQVR4nGNgmMaAFTFgF2bAKcyAU5gBJAwAYlcKARfNSD0AAAAASUVORK5CYII="
)
HTML = """<p>Hello,</p><p>The main pole of our new Ridge 4 snapped at the second joint the first time we put it up. No wind,
flat ground. I take eight guests out on <b>Friday morning</b>, so I need a replacement or a loan before then.</p>
<table><tr><td>Order</td><td>88204, 12 November</td></tr><tr><td>Product</td><td>Ridge 4, green</td></tr>
<tr><td>Photos</td><td>2, attached</td></tr></table><p>Parker Ehlers, Brightwater Guides<br>
<img src="https://brightwater.example/logo.png" alt="Logo"></p>"""

MAILS = (
    ("Oskar Nyman", "oskar@nordkant.example", "Spring price list for partners", "Could you send it as a spreadsheet again? The PDF does not import into our till."),
    ("Hanh Nguyen", "hanh@nguyen.example", "Zip sticks when it is cold", "It is fine indoors. Below zero I need both hands, and I am usually holding a dog lead."),
    ("Élodie Garnier", "elodie@refugedulac.example", "12 blankets for the hut, November", "Nous confirmons la commande. Please deliver to the valley station, the lift is closed."),
    ("Ines Marchetti", "ines@marchetti.example", "Can I change the delivery address?", "I will be at my sister’s place from Monday. The parcel has not left yet as far as I can see."),
    ("Sam Whitlock", "sam@whitlock.example", "Warranty card missing from the box", "Everything else was there. Do I need the card, or is the receipt enough?"),
    ("Kwame Boateng", "kwame.b@mailbox.example", "Repair kit colours", "Is the forest green patch the old green or the new one? Mine is from 2023."),
    ("Nora Feld", "nora@feld.example", "Invoice needs our VAT number", "Thanks for the quick reply. The number is DE 811 907 980, please reissue invoice 5521 with it."),
    ("Greg Olowu", "greg@trailhead.example", "Which canister thread do the stoves take?", "We are about to order forty and our supplier has two sizes in stock. Which one fits?"),
    ("ليلى حداد", "layla.h@posta.example", "متى يصل طلبي رقم 88190؟", "مرحبًا، طلبت حقيبة الظهر الأسبوع الماضي ولم تصلني رسالة الشحن بعد.\n\nشكرًا جزيلًا، ليلى"),
    ("田中 美咲", "misaki@kita.example", "寝袋の返品について", "先週届いた寝袋のサイズが合わないため、返品または交換をお願いできますでしょうか。"),
    ("Ana Sofia Duarte", "ana@atelierduarte.example", "Charged twice for order 88213", "My bank shows two payments of € 214.00 on the same morning. Could you refund the second one and confirm?"),
)  # fmt: skip


PEOPLE = """Name;E-Mail;Firma;Telefon;Shoe size
Parker Ehlers;parker@brightwater.example;Brightwater Guides;+43 512 555 0142;43
Sunniva Berg;sunniva@fjellsport.example;Fjellsport;+47 55 55 01 42;38
Tom Okafor;tom at okafor;;;44
"""


@dataclass
class Sample:
    organisation: Organisation
    maya: Employee
    dana: Employee
    lior: Employee
    support: SupportAddress
    parker: Case
    diagnosis: Diagnosis
    first_message: int
    contact_import: int
    other_contact: int


def make_sample(slug: str = "fieldnote") -> Sample:
    """Fill an empty database. Works in any scope; leaves it as it was."""
    from caseway.accounts.scope import every_organisation

    with every_organisation():
        organisation = Organisation.objects.create(name="Fieldnote Outdoors", slug=slug, time_zone="Europe/Vienna")
    with organisation_scope(organisation.pk):
        maya, dana, lior = _people(organisation)
        set_up_cases(organisation, maya, [maya, dana, lior])
        support = _addresses(organisation, maya, dana)
        for name, email, subject, text in MAILS:
            receive_piped(organisation, _mail(name, email, subject, text), "support@fieldnote.example")
        receive_piped(organisation, _parker(), "support@fieldnote.example")
        receive_piped(organisation, _bounce(), "support@fieldnote.example")
    process_pending()
    with organisation_scope(organisation.pk):
        parker = _history(organisation, maya, dana)
        diagnosis = _diagnosis(organisation, maya)
        ApiToken.issue(maya, "Order import")
        first = parker.messages.order_by("pk").values_list("pk", flat=True)[0]
        job = importing.receive_file("partners.csv", PEOPLE.encode(), by=maya)
        importing.start_check(job, job.mapping, overwrites=False)
    importing.run_due()
    with organisation_scope(organisation.pk):
        other = Contact.objects.get(name="Oskar Nyman").pk
    return Sample(organisation, maya, dana, lior, support, parker, diagnosis, first, job.pk, other)


def _people(organisation: Organisation) -> tuple[Employee, Employee, Employee]:
    make = Employee.objects.create_employee
    maya = make(organisation, "maya@fieldnote.example", "Maya Lindqvist", Role.ADMINISTRATOR, PASSWORD)
    dana = make(organisation, "dana@fieldnote.example", "Dana Whitfield", Role.AGENT, PASSWORD)
    lior = make(organisation, "lior@fieldnote.example", "Lior Katz", Role.LIGHT_AGENT, PASSWORD)
    make(organisation, "tomas@fieldnote.example", "Tomás Herrera", Role.AGENT)
    return maya, dana, lior


def set_up_cases(organisation: Organisation, maya: Employee, people: list[Employee]) -> None:
    """Types, tags, fields and teams, and one of each that is retired."""
    for name in ("Question", "Warranty", "Return", "Complaint", "Wholesale"):
        last_type = setup.add_type(organisation, name, by=maya)
    for name, hue in (("warranty", 2), ("zip", None), ("vip", 10), ("spring-sale", 5), ("old-shop", None)):
        last_tag = setup.add_tag(organisation, name, hue=hue, by=maya)
    setup.add_field(organisation, "Order number", "text", help="As on the invoice", by=maya)
    setup.add_field(organisation, "Branch", "choice", choices=["Bergen", "Oslo", "Tromsø"], by=maya)
    last_field = setup.add_field(organisation, "Bought on", "date", by=maya)
    setup.retire_type(last_type, by=maya)
    setup.retire_tag(last_tag, by=maya)
    setup.retire_field(last_field, by=maya)
    setup.set_members(setup.add_team(organisation, "Returns", by=maya), people, by=maya)
    setup.add_team(organisation, "Workshop", by=maya)


def _addresses(organisation: Organisation, maya: Employee, dana: Employee) -> SupportAddress:
    now = timezone.now()

    def box(address: str, **values: object) -> Mailbox:
        fields = {"login": address, "imap_host": "imap.fieldnote.example", "checked_at": now, **values}
        return Mailbox.objects.create(organisation=organisation, address=address, **fields)

    def row(mailbox: Mailbox, address: str, **values: object) -> SupportAddress:
        return SupportAddress.objects.create(organisation=organisation, mailbox=mailbox, address=address, **values)

    support = box("support@fieldnote.example", watched_by="idle", last_message_at=now - timedelta(minutes=2))
    orders = box("orders@fieldnote.example", watched_by="polling", last_message_at=now - timedelta(minutes=41))
    partners = box(
        "partners@fieldnote.example", state=MailboxState.STOPPED, state_since=now - timedelta(minutes=33),
        error_cause="Google refused the password.", error_fix="Make an app password and enter it here.",
        error_line="NO [ALERT] Application-specific password required (Failure)", error_at=now,
    )  # fmt: skip
    press = box("press@fieldnote.example", state=MailboxState.PAUSED)
    first = row(support, "support@fieldnote.example", assigned_employee=maya, from_email_id=True, add_to_cc=True)
    row(orders, "orders@fieldnote.example", assigned_employee=dana, from_email_id=True)
    row(partners, "partners@fieldnote.example", assigned_employee=maya)
    row(press, "press@fieldnote.example", is_paused=True, paused_at=now - timedelta(days=23), paused_by=dana)
    return first


def _message(name: str, email: str, subject: str, text: str, **headers: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = formataddr((name, email))
    message["To"] = "support@fieldnote.example"
    message["Subject"] = subject
    message["Date"] = format_datetime(timezone.now())
    for header, value in headers.items():
        message[header.replace("_", "-")] = value
    message.set_content(text)
    return message


def _mail(name: str, email: str, subject: str, text: str) -> bytes:
    identifier = f"<{abs(hash(subject))}@{email.rpartition('@')[2]}>"
    return _message(name, email, subject, text, Message_ID=identifier).as_bytes()


def _parker() -> bytes:
    subject = "Tent pole snapped on first use, trip is Friday"
    message = _message(
        "Parker Ehlers",
        "parker@brightwater.example",
        subject,
        "See the HTML part.",
        Message_ID="<p1@brightwater.example>",
    )
    message.add_alternative(HTML, subtype="html")
    for name in ("pole-joint.png", "label.png"):
        message.add_attachment(PIXEL, maintype="image", subtype="png", filename=name)
    return message.as_bytes()


def with_picture(to: str) -> bytes:
    """A mail with HTML, a remote image and an attached picture."""
    message = _message(
        "Parker Ehlers", "parker@brightwater.example", "Tent pole snapped", "See the HTML part.",
        Message_ID=f"<picture.{to.replace('@', '.')}@brightwater.example>",
    )  # fmt: skip
    message.replace_header("To", to)
    message.add_alternative(HTML, subtype="html")
    message.add_attachment(PIXEL, maintype="image", subtype="png", filename="pole-joint.png")
    return message.as_bytes()


def _bounce() -> bytes:
    return _message(
        "Mail Delivery System", "mailer-daemon@mx.example", "Undelivered Mail", "It did not arrive.",
        Message_ID="<b1@mx.example>", Auto_Submitted="auto-replied",
    ).as_bytes()  # fmt: skip


def _history(organisation: Organisation, maya: Employee, dana: Employee) -> Case:
    cases = {case.subject: case for case in Case.objects.filter(organisation=organisation).select_related("contact")}
    parker = next(case for subject, case in cases.items() if subject.startswith("Tent pole"))
    guides = Customer.objects.get(domain="brightwater.example")
    guides.name = "Brightwater Guides"
    guides.save()
    Contact.objects.filter(pk=parker.contact_id).update(
        customer=guides, job_title="Lead guide", phone="+43 512 555 0142",
        notes="Prefers a phone call when guests are waiting. Ask for the hut address, parcels to the office get stuck.",
    )  # fmt: skip
    parker.refresh_from_db()
    Case.objects.filter(pk=parker.pk).update(customer=guides)
    parker.refresh_from_db()
    _answer(
        parker,
        maya,
        "Hi Parker,\n\nsorry about that. A joint should never go on the first pitch. Would a courier work?",
    )
    parker.set_priority(Priority.HIGH, by=dana)
    parker.set_tags(["warranty", "ridge-4"], by=dana)
    parker.note(
        "@Maya Bergen has three pole sets left. If it goes with the 14:00 courier it is there on Thursday.", by=dana
    )
    sent = parker.messages.filter(direction="out", is_automatic=False).get()
    receive_piped(organisation, _answer_of_parker(sent.message_identifier), "support@fieldnote.example")
    _change(cases, maya, dana)
    OutboundEmail.objects.filter(organisation=organisation).update(
        state="sent", server_words="250 2.0.0 Ok: queued as 4F1A2", sent_at=timezone.now()
    )
    process_pending()
    older = Case.objects.filter(organisation=organisation).exclude(pk=parker.pk)
    now = timezone.now()
    for index, case in enumerate(older.order_by("-pk")):
        moment = now - timedelta(minutes=7 + index * index * 47)
        Case.objects.filter(pk=case.pk).update(modified_at=moment)
    _troubles(organisation, maya)
    parker.refresh_from_db()
    return parker


def _troubles(organisation: Organisation, maya: Employee) -> None:
    """What mail log and outbox show on a bad day."""
    acknowledgements = OutboundEmail.objects.filter(organisation=organisation, kind="acknowledgement").order_by("pk")
    [one, two, three] = acknowledgements[:3]
    for row, state, words in (
        (one, "failed", "550 5.1.1 <oskar@nordkant.example>: Recipient address rejected: user unknown"),
        (two, "uncertain", "The connection broke after the message was handed over."),
        (three, "queued", "451 4.7.1 Greylisted, please try again in five minutes"),
    ):
        OutboundEmail.objects.filter(pk=row.pk).update(
            state=state, server_words=words, attempts=3, sent_at=None, send_at=timezone.now() + timedelta(minutes=5)
        )
    reason = "The same mail came 15 times from robot@shop.example within a minute"
    Pause.objects.create(organisation=organisation, kind="flood", key="robot@shop.example", reason=reason)
    SenderRule.objects.create(organisation=organisation, key="@offers.example", created_by=maya)
    held = InboundEmail.objects.filter(organisation=organisation, state="ignored").order_by("pk")[:1]
    InboundEmail.objects.filter(pk__in=held).update(
        state="held", hold="flood", reason=f"{reason}. It waits for a person: let it through, or ignore the sender."
    )
    newest = Message.objects.filter(organisation=organisation, direction="in").order_by("-pk")[:1]
    Message.objects.filter(pk__in=newest).update(new_text="An older Caseway cut this short", kind="list")


def _answer(case: Case, by: Employee, text: str) -> None:
    offered = choices(case, by)
    assert offered.default_from is not None
    to = parse_addresses([case.email])
    reply(case, by, ReplyDraft(offered.default_from, to, text, set_status=Status.OPEN, undo_seconds=0))


def _answer_of_parker(identifier: str) -> bytes:
    text = (
        "Hi Maya,\n\nI can take the courier option. The delivery address is the guide hut, not the office, so please use "
        "Brightwater Hut, Lakeside Road 4.\n\nDo you need the broken pole back?\n\nParker\n\n"
        "On 25 November, Fieldnote wrote:\n> Hi Parker,\n>\n> sorry about that. A joint should never go on the first pitch.\n"
    )
    return _message(
        "Parker Ehlers", "parker@brightwater.example", "Re: Tent pole snapped", text,
        Message_ID="<p2@brightwater.example>", In_Reply_To=f"<{identifier}>",
    ).as_bytes()  # fmt: skip


def _change(cases: dict[str, Case], maya: Employee, dana: Employee) -> None:
    cases["Charged twice for order 88213"].set_priority(Priority.URGENT, by=maya)
    cases["Charged twice for order 88213"].set_status(Status.OPEN, by=maya)
    cases["Repair kit colours"].set_priority(Priority.LOW, by=maya)
    for subject in ("Invoice needs our VAT number", "Repair kit colours", "Zip sticks when it is cold"):
        cases[subject].set_status(Status.OPEN, by=maya)
    for subject in ("Warranty card missing from the box", "Can I change the delivery address?"):
        cases[subject].set_status(Status.WAITING, by=maya)
    cases["Spring price list for partners"].close(by=dana)
    cases["Which canister thread do the stoves take?"].assign(None, by=maya)
    cases["Invoice needs our VAT number"].assign(dana, by=maya)


def _diagnosis(organisation: Organisation, maya: Employee) -> Diagnosis:
    def step(name: str, state: str, milliseconds: int = 0, detail: str = "", **more: str) -> dict[str, object]:
        empty = {"cause": "", "fix": "", "server_words": ""}
        return {"name": name, "state": state, "milliseconds": milliseconds, "detail": detail, **empty, **more}

    steps = [
        step("DNS", "ok", 21, "imap.gmail.com is 142.250.110.108"),
        step("TCP", "ok", 34, "Port 993 answers"),
        step("TLS", "ok", 71, "TLS 1.3, certificate valid until 9 February"),
        step("Capabilities", "ok", 12, "IMAP4rev1, IDLE, UIDPLUS, MOVE"),
        step(
            "Login", "bad", 398, cause="Google refused the password. Yours has 11 characters.",
            fix="Google accepts only an app password here, 16 letters long. Make one and enter it.",
            server_words="NO [ALERT] Application-specific password required (Failure)",
        ),
        *(step(name, "skipped", detail="Not run") for name in ("Folders", "IDLE", "SMTP", "Send test")),
    ]  # fmt: skip
    return Diagnosis.objects.create(
        organisation=organisation, requested_by=maya, form="", state=DiagnosisState.FAILED, steps=steps, seconds=0.5
    )
