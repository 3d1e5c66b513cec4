"""Passing a customer's mail on to somebody outside, in the same case: the mail itself below, its files with it."""

from __future__ import annotations

from django.utils.html import escape

from caseway.cases.models import Attachment, Case, Direction, Message
from caseway.mail import parse
from caseway.mail.html import safe_html
from caseway.mail.model import File
from caseway.outbound.bodies import QUOTED, Quote, lines

STAND_IN = "/forwarded-picture/"


def forwarded(case: Case, message_id: int | None = None) -> Message | None:
    """The mail that is passed on: the one named, or the latest that came in. Notes are never passed on."""
    mails = case.messages.exclude(direction=Direction.NOTE).select_related("raw").prefetch_related("attachments")
    if message_id:
        return mails.filter(pk=message_id).first()
    return mails.filter(direction=Direction.IN).order_by("-created_at", "-pk").first()


def subject_of(message: Message, case: Case) -> str:
    subject = message.subject or case.subject
    return subject if subject.lower().startswith(("fwd:", "fw:")) else f"Fwd: {subject}"


def files_of(message: Message) -> tuple[File, ...]:
    """The mail's own files with their own bytes; those that its text shows have their Content-ID."""
    found = (_file(message, row) for row in message.attachments.all())
    return tuple(file for file in found if file is not None)


def pictures_of(message: Message) -> tuple[File, ...]:
    """Those that its HTML shows: they go wherever the HTML goes."""
    return tuple(file for file in files_of(message) if file.content_id)


def quote(message: Message) -> Quote:
    """The mail as it was, below the line that mail programs know a forward by."""
    when = (message.sent_at or message.created_at).strftime("%Y-%m-%d %H:%M UTC")
    head = [
        ("From", f"{message.from_name} <{message.from_email}>" if message.from_name else message.from_email),
        ("Date", when),
        ("Subject", message.subject),
        ("To", ", ".join(email for _, email in message.to)),
        *([("Cc", ", ".join(email for _, email in message.cc))] if message.cc else []),
    ]
    first = "---------- Forwarded message ---------"
    text = "\n".join([first, *(f"{name}: {' '.join(value.split())}" for name, value in head), "", message.text.strip()])
    said = "<br>\n".join(f"<b>{name}:</b> {escape(value)}" for name, value in head)
    return Quote(text, f"{QUOTED}<p>{escape(first)}<br>\n{said}</p>{_html(message)}</div>")


def _html(message: Message) -> str:
    """The mail's HTML, made safe as for showing: the next reader trusts us. Its pictures come from the mail itself."""
    if not message.html:
        return f"<p>{lines(message.text.strip())}</p>"
    cids = {row.content_id: f"{STAND_IN}{row.pk}" for row in message.attachments.all() if row.content_id}
    shown = safe_html(message.html, resolve_cid=cids.get, show_images=True).html
    for cid, address in cids.items():
        shown = shown.replace(f'"{address}"', f'"cid:{escape(cid)}"')
    return shown


def _file(message: Message, row: Attachment) -> File | None:
    part = parse.part(message.raw.content(), row.part) if message.raw is not None else None
    if part is None:
        return None
    return File(row.name, row.content_type, part.content, row.content_id if row.is_inline else "")
