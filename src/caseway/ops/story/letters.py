"""The story's mails as their writers' programs would have made them."""

from __future__ import annotations

import datetime
import html
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from caseway.cases.models import Message
from caseway.ops.demo_site import SUPPORT_ADDRESS
from caseway.ops.sample import attachment
from caseway.ops.story.plan import Talk


def first(talk: Talk, at: datetime.datetime) -> bytes:
    """What the customer writes first."""
    return _letter(talk, at, 0, talk.subject, talk.first_id, None)


def again(talk: Talk, at: datetime.datetime) -> bytes:
    """The same customer, in a new mail, because the first one may have got lost."""
    words = f"Hello,\n\ndid you get my mail of this morning? Just in case, here it is again:\n\n{talk.texts[0]}"
    identifier = talk.first_id.replace("-0@", "-again@")
    return _mail(talk, at, f"{talk.subject} (again)", words, identifier, None)


def answer(talk: Talk, at: datetime.datetime, turn: int, answered: Message) -> bytes:
    """An answer to what the team wrote, with that below it."""
    return _letter(talk, at, turn, _re(answered.subject), talk.first_id.replace("-0@", f"-{turn}@"), answered)


def away(talk: Talk, at: datetime.datetime, answered: Message) -> bytes:
    """What a machine answers for somebody who is out."""
    text = f"I am out of the office until next week and will read your mail then.\n\n{talk.person.name}\n"
    mail = _mail(
        talk, at, f"Automatic reply: {answered.subject}", text, talk.first_id.replace("-0@", "-away@"), answered
    )
    return _with(mail, "Auto-Submitted: auto-replied\r\nX-Auto-Response-Suppress: All\r\n")


def bounce(talk: Talk, at: datetime.datetime, sent: Message) -> bytes:
    """A report that a mail could not be delivered (RFC 3464)."""
    email, host = talk.person.email, talk.person.email.split("@")[1]
    identifier = talk.first_id.replace("-0@", "-bounce@")
    return (
        f"From: Mail Delivery System <mailer-daemon@mx.{host}>\r\nTo: {SUPPORT_ADDRESS}\r\n"
        f"Subject: Undelivered Mail Returned to Sender\r\nDate: {format_datetime(at)}\r\nMessage-ID: {identifier}\r\n"
        "Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\n"
        f"I'm sorry to have to inform you that your message could not be delivered.\r\n\r\n"
        f"<{email}>: host mx.{host} said: 550 5.1.1 User unknown\r\n\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        f"Reporting-MTA: dns; mx.{host}\r\n\r\nFinal-Recipient: rfc822; {email}\r\nAction: failed\r\n"
        f"Status: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 User unknown\r\n\r\n"
        "--b\r\nContent-Type: text/rfc822-headers\r\n\r\n"
        f"From: {SUPPORT_ADDRESS}\r\nTo: {email}\r\nMessage-ID: {sent.message_identifier}\r\n\r\n--b--\r\n"
    ).encode()


def newsletter(at: datetime.datetime, number: int) -> bytes:
    """What nobody asked for: kept in the mail log, no case."""
    return (
        f"From: Gear Weekly <news@gearweekly.example>\r\nTo: {SUPPORT_ADDRESS}\r\n"
        f"Subject: Gear Weekly, issue {number}\r\n"
        f"Date: {format_datetime(at)}\r\nMessage-ID: <issue-{number}@gearweekly.example>\r\nPrecedence: bulk\r\n"
        "List-Id: Gear Weekly <weekly.gearweekly.example>\r\nList-Unsubscribe: <https://gearweekly.example/u>\r\n\r\n"
        "Ten tents under two kilograms, tested in the rain.\r\n"
    ).encode()


def _letter(
    talk: Talk, at: datetime.datetime, turn: int, subject: str, identifier: str, answered: Message | None
) -> bytes:
    said = talk.scenario.turns[turn]
    files = [name.format_map(talk.values) for name in said.files if said.who == "customer"]
    if turn == 0:
        files += [name.format_map(talk.values) for name in _own_files(talk)]
    return _mail(talk, at, subject, talk.texts[turn], identifier, answered, files)


def _own_files(talk: Talk) -> list[str]:
    """Pictures and plans that the last line of a scenario names come with the first mail."""
    last = talk.scenario.turns[-1].files
    return [name for name in last if name.endswith((".png", "plan.pdf"))]


def _mail(
    talk: Talk,
    at: datetime.datetime,
    subject: str,
    text: str,
    identifier: str,
    answered: Message | None,
    files: list[str] | None = None,
) -> bytes:
    mail = EmailMessage(policy=SMTP)
    mail["From"] = Address(talk.person.name, addr_spec=talk.person.email)
    mail["To"] = SUPPORT_ADDRESS
    mail["Subject"] = subject
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = identifier
    quoted = ""
    if answered is not None:
        mail["In-Reply-To"] = answered.message_identifier
        mail["References"] = " ".join([*answered.references[-5:], answered.message_identifier])
        lines = answered.new_text.strip().splitlines()
        quoted = f"\nOn {at:%d %B %Y} {answered.author} wrote:\n" + "".join(f"> {line}\n" for line in lines)
    mail.set_content(text + quoted, cte="quoted-printable" if text.isascii() else "base64")
    if talk.is_html:
        mail.add_alternative(_html(text, quoted), subtype="html", cte="base64")
    for name in files or ():
        kind, content = attachment(name)
        mail.add_attachment(content, *kind.split("/"), filename=name)
    return mail.as_bytes()


def _html(text: str, quoted: str) -> str:
    blocks = "".join(f"<p>{html.escape(part)}</p>".replace("\n", "<br>") for part in text.strip().split("\n\n"))
    below = f"<blockquote>{html.escape(quoted.strip())}</blockquote>".replace("\n", "<br>") if quoted else ""
    return f'<div style="font-family: sans-serif; color: #222">{blocks}{below}</div>'


def _re(subject: str) -> str:
    return subject if subject.lower().startswith("re:") else f"Re: {subject}"


def _with(raw: bytes, headers: str) -> bytes:
    return headers.encode() + raw
