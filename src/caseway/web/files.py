"""Files of strangers, as far as they can be looked at without doing anything: pictures, PDFs, text, mails in mails.

What a file is says its content; what its sender calls it decides only whether to look. SVG and HTML are never shown.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import PurePosixPath
from typing import cast

from asgiref.sync import sync_to_async
from django.db import connection
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from caseway.accounts.scope import organisation_scope
from caseway.cases.models import Attachment, Message
from caseway.mail.charset import decode
from caseway.mail.html import safe_html
from caseway.mail.parse import parse, part
from caseway.web.archive import Archive
from caseway.web.doors import EmployeeRequest, employee_page
from caseway.web.finding import find_attachment, find_case, find_message
from caseway.web.messages import content_of, guarded, image_type, mail_frame

LARGEST_PICTURE = 5_000_000
LARGEST_VIEW = 25_000_000
MOST_TEXT = 500_000
"""Characters of a text that are shown; the file holds the rest."""
PDF_POLICY = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
"""Browsers draw a PDF in a process of their own, and not at all in a sandbox."""
TEXT_NAMES = frozenset(
    {".txt", ".log", ".csv", ".tsv", ".json", ".xml", ".yaml", ".yml", ".md", ".ini", ".conf", ".ics", ".vcf", ".diff"}
)


def how_to_view(name: str, content_type: str, size: int) -> str:
    """'image', 'pdf', 'text' or 'mail' for what may be looked at; '' for what is only downloaded."""
    kind, ending = content_type.lower(), PurePosixPath(name.lower()).suffix
    if size > LARGEST_VIEW or "svg" in kind or "html" in kind or ending in {".svg", ".html", ".htm", ".xhtml"}:
        return ""
    if kind.startswith("image/"):
        return "image" if size < LARGEST_PICTURE else ""
    if kind == "application/pdf" or ending == ".pdf":
        return "pdf"
    if kind == "message/rfc822" or ending == ".eml":
        return "mail"
    return "text" if kind.startswith("text/") or ending in TEXT_NAMES else ""


@employee_page
@require_safe
def attachment_view(request: EmployeeRequest, pk: int) -> HttpResponse:
    """The file in a tab of its own, by what its bytes are; what cannot be shown is downloaded."""
    row = find_attachment(request.user, pk)
    view = how_to_view(row.name, row.content_type, row.size)
    content = content_of(row) if view else b""
    if view == "image" and (kind := image_type(content)):
        return guarded(content, kind)
    if view == "pdf" and b"%PDF-" in content[:1024]:
        response = guarded(content, "application/pdf")
        response.headers["Content-Security-Policy"] = PDF_POLICY
        response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
        response.headers["Content-Disposition"] = content_disposition_header(False, row.name) or "inline"
        return response
    if view == "text" and b"\0" not in content[:4096]:
        return guarded(decode(content)[0][:MOST_TEXT].encode(), "text/plain; charset=utf-8")
    if view == "mail":
        mail = parse(content)
        return render(request, "cases/mail_file.html", {"row": row, "mail": mail, "app": "cases"})
    return redirect("attachment", pk)


@employee_page
@require_safe
@xframe_options_sameorigin
def attachment_mail_body(request: EmployeeRequest, pk: int) -> HttpResponse:
    """The HTML of a mail that came as a file, as a document of its own; its pictures are not fetched."""
    row = find_attachment(request.user, pk)
    if how_to_view(row.name, row.content_type, row.size) != "mail":
        raise Http404
    cleaned = safe_html(parse(content_of(row)).html, resolve_cid=lambda _cid: None)
    return mail_frame(request, cleaned.html, blocked=0, has_quote=False)


@employee_page
@require_safe
def message_files(request: EmployeeRequest, pk: int) -> HttpResponse:
    """All files of a message as one archive."""
    message = find_message(request.user, pk)
    return _archive(request, [message.pk], f"{message.case.label}-files.zip")


@employee_page
@require_safe
def case_files(request: EmployeeRequest, number: int) -> HttpResponse:
    """All files of a case as one archive."""
    case = find_case(request.user, number, in_trash=True)
    messages = Attachment.objects.filter(message__case=case).order_by("message").values_list("message", flat=True)
    return _archive(request, list(dict.fromkeys(messages)), f"{case.label}-files.zip")


def _archive(request: EmployeeRequest, messages: list[int], name: str) -> HttpResponse:
    """Streamed: one message's bytes are in memory at a time."""
    if not messages:
        raise Http404
    response = StreamingHttpResponse(_pieces(request.user.organisation_id, messages), content_type="application/zip")
    response.headers["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return cast("HttpResponse", response)


async def _pieces(organisation_id: int, messages: list[int]) -> AsyncIterator[bytes]:
    archive = Archive()
    for pk in messages:
        for name, content in await sync_to_async(_files_of)(organisation_id, pk):
            yield await sync_to_async(archive.add)(name, content)
    yield archive.end()


def _files_of(organisation_id: int, pk: int) -> list[tuple[str, bytes]]:
    """Outside the request by now: in the organisation's scope again, and without keeping its connection."""
    is_alone = not connection.in_atomic_block
    try:
        with organisation_scope(organisation_id):
            message = Message.objects.select_related("raw").filter(pk=pk).first()
            if message is None or message.raw is None:
                return []
            names = dict(message.attachments.values_list("part", "name"))
            raw = message.raw.content()
            found = [one for one in parse(raw).attachments if one.index in names]
            whole = [part(raw, one.index) if one.large_size else one for one in found]
            return [(names[one.index], one.content) for one in whole if one is not None]
    finally:
        if is_alone:
            connection.close()
