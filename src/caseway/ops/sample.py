"""Sends the sample mails to the demo's mail server by SMTP, each once, and lets the team have worked on some cases.

    python -m caseway.ops.sample DIR

DIR/sample-sent lists what the server has confirmed, so that a start that was interrupted goes on where it was.
"""

from __future__ import annotations

import datetime
import smtplib
import struct
import sys
import time
import zlib
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path

from caseway.ops.demo_site import SUPPORT_ADDRESS, DemoSite, load
from caseway.ops.sample_mails import MAILS, SampleMail

PATIENCE = 40.0  # seconds for the sample mails to become cases


def send(site: DemoSite) -> None:
    """Send what was not sent yet. Raises OSError or SMTPException when the server does not take it."""
    journal = site.folder / "sample-sent"
    sent = set(journal.read_text().split()) if journal.exists() else set()
    now = datetime.datetime.now(datetime.UTC)
    with smtplib.SMTP(site.mail_host, site.smtp_port, timeout=30) as smtp, journal.open("a") as file:
        for mail in MAILS:
            if mail.key in sent:
                continue
            sender = "" if mail.null_sender else mail.address
            smtp.send_message(compose(mail, now), sender, [SUPPORT_ADDRESS])
            file.write(f"{mail.key}\n")
            file.flush()
        file.write("all\n")


def compose(mail: SampleMail, now: datetime.datetime) -> EmailMessage:
    """The mail as its author's program would have written it."""
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(mail.name, addr_spec=mail.address)
    message["To"] = SUPPORT_ADDRESS
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(now - datetime.timedelta(hours=mail.hours))
    message["Message-ID"] = _identifier(mail)
    if mail.answers:
        first = next(one for one in MAILS if one.key == mail.answers)
        message["In-Reply-To"] = message["References"] = _identifier(first)
    for name, value in mail.headers:
        message[name] = value
    message.set_content(mail.text)
    if mail.html:
        message.add_alternative(mail.html, subtype="html")
    if mail.picture:
        html = message.get_payload()[-1]  # type: ignore[index]
        content_id = f"<pole@{mail.address.split('@')[1]}>"
        html.add_related(png(320, 120), "image", "png", cid=content_id, filename="pole.png")  # type: ignore[union-attr]
    for name in mail.files:
        kind, content = attachment(name)
        message.add_attachment(content, *kind.split("/"), filename=name)
    return message


def work_on_cases() -> None:
    """Assign, answer for, note and close a few, as a team would have by now. Needs Django set up."""
    from caseway.accounts.models import Employee, Organisation
    from caseway.accounts.scope import every_organisation, organisation_scope
    from caseway.cases.models import Case
    from caseway.ops.demo_company import ORGANISATION

    with every_organisation():
        organisation = Organisation.objects.get(slug=ORGANISATION[0])
    with organisation_scope(organisation.pk):
        people = {one.first_name: one for one in Employee.objects.all()}
        cases = {case.subject: case for case in Case.objects.filter(deleted_at=None).order_by("id")}
        for subject, who, status, priority, note in PROGRESS:
            case = cases.get(subject)
            if case is None:
                continue
            by = people[who or "Maya"]
            if who != "Maya":
                case.assign(people.get(who), by=people["Maya"])
            if note:
                case.note(note, by=by)
            if priority:
                case.set_priority(priority, by=by)
            if status:
                case.set_status(status, by=by)


# subject, whose it is ('' for nobody's), status, priority, note
PROGRESS = (
    ("Tent pole snapped on first use, trip is Friday", "Maya", "open", "high",
     "Bergen has three pole sets left. If it goes with the 14:00 courier it is there on Thursday."),
    ("Charged twice for order 88213", "Maya", "open", "high", ""),
    ("寝袋の返品について", "Jonas", "", "", ""),
    ("Invoice needs our VAT number", "Dana", "open", "", ""),
    ("Spring price list for partners", "Priya", "waiting", "", ""),
    ("Zip sticks when it is cold", "Tomás", "open", "low", ""),
    ("Warranty card missing from the box", "Maya", "waiting", "", ""),
    ("Can I change the delivery address?", "Dana", "waiting", "", "Asked the warehouse, it leaves on Tuesday."),
    ("12 blankets for the hut, November", "Maya", "waiting", "", ""),
    ("Estufa con olor a gas", "Tomás", "open", "urgent", "Told by phone not to use it. Not on the recall list."),
    ("Do you ship to Taiwan?", "", "", "", ""),
    ("Quote for 24 sleeping mats", "Priya", "open", "", ""),
    ("Partnership for the autumn fair", "", "", "", ""),
    ("Danke!", "Dana", "closed", "", ""),
    ("Repair kit colours", "Dana", "closed", "", "The new one. Sent a picture of both."),
)  # fmt: skip


def wait_until_processed(count: int) -> bool:
    """Whether `count` mails have left the ledger's waiting line in time."""
    from caseway.accounts.scope import every_organisation
    from caseway.intake.models import InboundEmail, InboundState

    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with every_organisation():
            if InboundEmail.objects.exclude(state=InboundState.PENDING).count() >= count:
                return True
        time.sleep(0.2)
    return False


def png(width: int, height: int) -> bytes:
    """A small picture made here: a slope in two greens under a grey sky."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = bytearray()
    for y in range(height):
        rows.append(0)
        for x in range(width):
            ridge = height * 0.55 + (x % 97) * 0.22 - (x % 41) * 0.31
            rows += (
                bytes((176, 190, 197)) if y < ridge else bytes((67, 105, 78)) if (x + y) % 29 else bytes((94, 138, 104))
            )
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(rows), 9))
        + chunk(b"IEND", b"")
    )


def pdf(title: str) -> bytes:
    """A page with one line of text, in PDF's own words."""
    text = f"BT /F1 18 Tf 72 720 Td ({title}) Tj ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842]/Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >>>>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, places = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(out)
    out += b"xref\n0 6\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % place for place in places)
    return bytes(out + b"trailer << /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % table)


def attachment(name: str) -> tuple[str, bytes]:
    """(content type, content) of a made-up file, by the ending of its name."""
    if name.endswith(".png"):
        return "image/png", png(240, 160)
    if name.endswith(".pdf"):
        return "application/pdf", pdf(name.removesuffix(".pdf").replace("-", " ").capitalize())
    return "text/csv", b"article;price\r\nRidge 2;289.00\r\nRidge 3;349.00\r\nEmber stove;79.00\r\n"


def _identifier(mail: SampleMail) -> str:
    return f"<{mail.key}.sample@{mail.address.split('@')[1]}>"


def leave_numbers_free() -> None:
    """The demo's own cases begin behind those of its story, when there is none yet."""
    from django.db import connection

    from caseway.accounts.models import Organisation
    from caseway.accounts.scope import every_organisation
    from caseway.ops.demo_company import ORGANISATION
    from caseway.ops.story.run import OPENING

    with every_organisation(), connection.cursor() as cursor:
        organisation = Organisation.objects.get(slug=ORGANISATION[0])
        cursor.execute(
            "INSERT INTO cases_casecounter (organisation_id, next) VALUES (%s, %s) ON CONFLICT DO NOTHING",
            [organisation.pk, OPENING + 1],
        )


def main() -> None:
    from caseway.ops.commands.database import set_up_django

    set_up_django()
    leave_numbers_free()
    send(load(Path(sys.argv[1])))
    if wait_until_processed(len(MAILS)):
        work_on_cases()
    else:
        print("The sample mails are not processed yet; they become cases while you look around.")


if __name__ == "__main__":
    main()
