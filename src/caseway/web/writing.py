"""From what the composer's form says to what the outbox takes. The same for an answer, a forward and a first mail."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _

from caseway.cases.models import Case, Direction, DraftKind, Message, Status, WrittenDraft
from caseway.mail import written_html
from caseway.mail.address import parse_addresses
from caseway.mail.model import Address, File
from caseway.mailboxes.models import SupportAddress
from caseway.outbound import drafts
from caseway.outbound.errors import CannotSendError
from caseway.outbound.reply import ReplyDraft
from caseway.web.doors import EmployeeRequest

UNDO_SECONDS = 10
AFTER = {"waiting": Status.WAITING, "open": Status.OPEN, "close": Status.CLOSED, "keep": None}


def read_draft(request: EmployeeRequest, case: Case | None, kind: str, offered: Sequence[SupportAddress]) -> ReplyDraft:
    """What the form says, with the files of the draft that it was written in. Raises CannotSendError."""
    values = request.POST
    kept = own_draft(request, case, kind)
    html = drafts.for_sending(values.get("html", ""), drafts.pictures(kept)) if values.get("html") else ""
    text = written_html.text_of(html) if html else values.get("text", "").replace("\r\n", "\n")
    html = html if written_html.is_formatted(html) else ""
    uploaded = tuple(_file(upload) for upload in request.FILES.getlist("files"))
    after, send_at = _after(values)
    return ReplyDraft(
        from_address=_from(values.get("from_address", ""), offered),
        to=addresses(values.get("to", "")),
        cc=addresses(values.get("cc", "")),
        bcc=addresses(values.get("bcc", "")),
        text=text,
        html=html,
        files=(*(drafts.files_of(kept, html) if kept else ()), *uploaded),
        set_status=AFTER.get(after, None if kind == DraftKind.FORWARD else Status.WAITING),
        undo_seconds=UNDO_SECONDS,
        send_at=send_at,
        request_key=values.get("request_key", "")[:100],
        without_cc=tuple(set(_numbers(values.getlist("offered_cc"))) - set(_numbers(values.getlist("kept_cc")))),
        expected_version=number(values.get("version", "")),
        kind=kind,
        answered=_answered(case, number(values.get("answered", "")), kept),
        subject=values.get("subject", "")[:500],
        is_signed=values.get("signature") == "on",
        written_id=kept.pk if kept else 0,
    )


def kind_of(values: QueryDict) -> str:
    """Which kind of message a form of a case is."""
    return DraftKind.FORWARD if values.get("kind") == DraftKind.FORWARD else DraftKind.REPLY


def own_draft(request: EmployeeRequest, case: Case | None, kind: str) -> WrittenDraft | None:
    """The draft that the form names, when it is the person's own and of this place."""
    wanted = number(request.POST.get("draft", ""))
    if not wanted:
        return None
    return WrittenDraft.objects.filter(employee=request.user, case=case, kind=kind, pk=wanted).first()


def number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _numbers(values: list[str]) -> list[int]:
    return [int(value) for value in values if value.isdecimal() and len(value) < 18]


def _after(values: QueryDict) -> tuple[str, datetime | None]:
    """What follows the sending, and when it is: 'later' with the time field, or 'later@' with a time offered."""
    after = values.get("anyway") or values.get("after", "")
    chosen, at, preset = after.partition("@")
    if chosen != "later":
        return chosen, None
    return chosen, _send_at(preset if at else values.get("send_at", ""))


def _send_at(text: str) -> datetime:
    """What a datetime field holds, in the person's time zone."""
    try:
        typed = datetime.fromisoformat(text.strip()[:32])
    except ValueError:
        raise CannotSendError(_("Choose a day and a time to send it.")) from None
    return typed if timezone.is_aware(typed) else timezone.make_aware(typed)


def _from(wanted: str, offered: Sequence[SupportAddress]) -> SupportAddress:
    """The chosen From: only one that is offered may be used."""
    chosen = next((row for row in offered if str(row.pk) == wanted), None)
    if chosen is None and not wanted and offered:
        chosen = offered[0]
    if chosen is None:
        raise CannotSendError(
            _("This address cannot be used as From. Switch From Email Id on for it under Settings, or choose another.")
        )
    return chosen


def addresses(text: str) -> tuple[Address, ...]:
    """What was typed into a field of recipients. A word that is no address stays: the refusal names it."""
    found = parse_addresses([text]) if text.strip() else ()
    return tuple(one if one.email else Address("", one.name) for one in found if one.email or one.name)


def _answered(case: Case | None, pk: int, kept: WrittenDraft | None) -> Message | None:
    pk = pk or (kept.answered_id or 0 if kept else 0)
    if case is None or not pk:
        return None
    mails = case.messages.exclude(direction=Direction.NOTE).select_related("raw")
    return mails.prefetch_related("attachments").filter(pk=pk).first()


def _file(upload: UploadedFile[bytes]) -> File:
    return File(upload.name or "file", upload.content_type or "application/octet-stream", upload.read())
