"""Answering: replies and notes, and taking a reply back before it leaves."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, cast

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from caseway.cases.errors import CaseError, StaleCaseError
from caseway.cases.models import Case, Status
from caseway.mail.address import parse_addresses
from caseway.mail.model import Address, File
from caseway.mailboxes.models import SupportAddress
from caseway.outbound.errors import CannotSendError
from caseway.outbound.models import OutboundEmail
from caseway.outbound.reply import ReplyDraft, choices, reply, undo
from caseway.web.case import show_case
from caseway.web.doors import EmployeeRequest, employee_page, writer_page
from caseway.web.finding import find_case

UNDO_SECONDS = 10
AFTER = {"waiting": Status.WAITING, "open": Status.OPEN, "close": Status.CLOSED, "keep": None}


@writer_page
@require_POST
def replies(request: EmployeeRequest, number: int) -> HttpResponse:
    """Queue a reply; on any refusal the page comes back with everything that was typed."""
    case = find_case(request.user, number)
    try:
        sent = reply(case, request.user, _draft(request, case))
    except StaleCaseError:
        return _conflict(request, number)
    except (CannotSendError, CaseError) as error:
        return show_case(request, case, status=422, composer=_typed(request) | {"problem": str(error)})
    if sent.is_scheduled:
        when = formats.date_format(timezone.localtime(sent.send_at), "j M Y, H:i")
        messages.success(request, _("Reply is sent on %(when)s") % {"when": when})
    else:
        messages.success(request, _("Reply sends in 10 s"), extra_tags=reverse("reply-undo", args=[sent.pk]))
    return redirect(f"{reverse('case', args=[number])}?{_list_query(request)}#message-{sent.message_id}")


@employee_page
@require_POST
def notes(request: EmployeeRequest, number: int) -> HttpResponse:
    """Light agents may note."""
    case = find_case(request.user, number)
    try:
        message = case.note(request.POST.get("text", ""), by=request.user)
    except ValueError as error:
        return show_case(request, case, status=422, composer=_typed(request) | {"problem": str(error), "is_note": True})
    return redirect(f"{reverse('case', args=[number])}?{_list_query(request)}#message-{message.pk}")


@writer_page
@require_POST
def reply_undo(request: EmployeeRequest, pk: int) -> HttpResponse:
    """Take a queued reply back: the composer opens again with its text."""
    row = OutboundEmail.objects.filter(pk=pk, organisation_id=request.user.organisation_id).first()
    if row is None or row.case is None:
        raise Http404
    number = row.case.number
    try:
        text = undo(row, by=request.user)
    except CannotSendError as error:
        messages.error(request, str(error))
        return redirect("case", number)
    case = find_case(request.user, number, in_trash=True)
    return show_case(request, case, composer={"text": text, "is_undone": True})


def _conflict(request: EmployeeRequest, number: int) -> HttpResponse:
    """Somebody was faster: nothing was sent, the text is kept, and the person decides."""
    case = find_case(request.user, number)
    return show_case(request, case, status=409, composer=_typed(request) | {"is_conflict": True})


def _draft(request: EmployeeRequest, case: Case) -> ReplyDraft:
    values = request.POST
    version = values.get("version", "")
    return ReplyDraft(
        from_address=_from(request, case),
        to=_addresses(values.get("to", "")),
        cc=_addresses(values.get("cc", "")),
        bcc=_addresses(values.get("bcc", "")),
        text=values.get("text", "").replace("\r\n", "\n"),
        files=tuple(_file(upload) for upload in request.FILES.getlist("files")),
        set_status=AFTER.get(values.get("after", "waiting"), Status.WAITING),
        undo_seconds=UNDO_SECONDS,
        send_at=_send_at(values.get("send_at", "")) if values.get("after") == "later" else None,
        request_key=values.get("request_key", "")[:100],
        without_cc=tuple(set(_numbers(values.getlist("offered_cc"))) - set(_numbers(values.getlist("kept_cc")))),
        expected_version=int(version) if version.isdecimal() and len(version) < 10 else 0,
    )


def _numbers(values: list[str]) -> list[int]:
    return [int(value) for value in values if value.isdecimal() and len(value) < 18]


def _send_at(text: str) -> datetime:
    """What a datetime field holds, in the person's time zone."""
    try:
        typed = datetime.fromisoformat(text.strip()[:32])
    except ValueError:
        raise CannotSendError(_("Choose a day and a time to send it.")) from None
    return typed if timezone.is_aware(typed) else timezone.make_aware(typed)


def _from(request: EmployeeRequest, case: Case) -> SupportAddress:
    """The chosen From: only one that is offered may be used."""
    offered = choices(case, request.user)
    wanted = request.POST.get("from_address", "")
    chosen = next((row for row in offered.from_addresses if str(row.pk) == wanted), None)
    if chosen is None and not wanted:
        chosen = offered.default_from
    if chosen is None:
        raise CannotSendError(
            _("This address cannot be used as From. Switch From Email Id on for it under Settings, or choose another.")
        )
    return chosen


def _addresses(text: str) -> tuple[Address, ...]:
    """What was typed into a field of recipients. A word that is no address stays: the refusal names it."""
    found = parse_addresses([text]) if text.strip() else ()
    return tuple(one if one.email else Address("", one.name) for one in found if one.email or one.name)


def _file(upload: UploadedFile[bytes]) -> File:
    return File(upload.name or "file", upload.content_type or "application/octet-stream", upload.read())


def _typed(request: EmployeeRequest) -> dict[str, Any]:
    """What the person typed, to be put back into the composer under a new key."""
    names = ("text", "to", "cc", "bcc", "from_address", "send_at")
    typed: dict[str, Any] = {name: request.POST.get(name, "") for name in names}
    lost = [cast("str", upload.name) for upload in request.FILES.getlist("files")]
    return typed | {"is_typed": True, "lost_files": lost, "request_key": uuid.uuid4().hex}


def _list_query(request: EmployeeRequest) -> str:
    return f"list={request.POST['list']}" if request.POST.get("list", "").replace("-", "").isalnum() else ""
