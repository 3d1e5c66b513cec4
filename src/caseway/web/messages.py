"""What strangers sent, shown so that it can do nothing: bodies in frames, files, and raw sources."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from caseway.cases.models import Attachment, Message
from caseway.intake.models import InboundEmail
from caseway.mail import parse
from caseway.mail.html import safe_html
from caseway.mail.quote import split_html
from caseway.outbound.models import OutboundEmail
from caseway.web.doors import EmployeeRequest, administrator_page, employee_page
from caseway.web.finding import find_attachment, find_message

FRAME_POLICY = (
    "default-src 'none'; script-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:{images}; "
    "font-src 'none'; form-action 'none'; base-uri 'none'; frame-ancestors 'self'; "
    "sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox"
)
"""For a mail's body. Inline styles are the mail's own, cleaned by `safe_html`, and reach no further than the frame."""
FILE_POLICY = "default-src 'none'; sandbox; frame-ancestors 'self'"
OWN_PAPER = re.compile(r"bgcolor\s*=|background(?:-color)?\s*:", re.IGNORECASE)

IMAGE_SIGNS: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)


@employee_page
@require_safe
@xframe_options_sameorigin
def message_body(request: EmployeeRequest, pk: int) -> HttpResponse:
    """The HTML of a message as a document of its own. `full`: with what it quotes; `images`: remote ones too, once."""
    message = find_message(request.user, pk)
    new, quoted = split_html(message.html)
    is_full = "full" in request.GET or not new.strip()
    cleaned = safe_html(
        message.html if is_full else new, resolve_cid=_cid_resolver(message), show_images="images" in request.GET
    )
    return mail_frame(
        request,
        cleaned.html,
        images=" https: http:" if "images" in request.GET else "",
        blocked=cleaned.blocked_images,
        has_quote=bool(quoted.strip()) and not is_full,
        message=message,
    )


def mail_frame(request: EmployeeRequest, body: str, *, images: str = "", **shown: object) -> HttpResponse:
    """A mail's cleaned HTML as a document of its own. `images`: further sources that pictures may come from."""
    context = {"body": body, "is_paper": bool(OWN_PAPER.search(body)), **shown}
    response = render(request, "cases/mail_frame.html", context)
    response.headers["Content-Security-Policy"] = FRAME_POLICY.format(images=images)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@employee_page
@require_safe
def attachment(request: EmployeeRequest, pk: int) -> HttpResponse:
    """A file, always as a download and never by the type that its sender claims."""
    row = find_attachment(request.user, pk)
    return guarded(content_of(row), name=row.name)


@employee_page
@require_safe
def attachment_preview(request: EmployeeRequest, pk: int) -> HttpResponse:
    """A picture shown in the page: only when its bytes say that it is one."""
    row = find_attachment(request.user, pk)
    content = content_of(row)
    kind = image_type(content)
    if not kind:
        raise Http404
    response = guarded(content, kind)
    response.headers["Cache-Control"] = "private, max-age=3600"
    return response


@employee_page
@require_safe
def message_source(request: EmployeeRequest, pk: int) -> HttpResponse:
    """The raw message as it came or left."""
    message = find_message(request.user, pk)
    if message.raw is None:
        raise Http404
    return source(request, message.raw.content(), f"message-{message.pk}.eml")


@administrator_page
@require_safe
def inbound_source(request: EmployeeRequest, pk: int) -> HttpResponse:
    """The raw mail of a row of the mail log."""
    row = InboundEmail.objects.select_related("raw").filter(organisation_id=request.user.organisation_id, pk=pk).first()
    if row is None:
        raise Http404
    return source(request, row.raw.content(), f"inbound-{row.pk}.eml")


@administrator_page
@require_safe
def outbound_source(request: EmployeeRequest, pk: int) -> HttpResponse:
    """The bytes of a mail of the outbox."""
    row = (
        OutboundEmail.objects.select_related("raw").filter(organisation_id=request.user.organisation_id, pk=pk).first()
    )
    if row is None or row.kind == "system":  # links in it let somebody set a password
        raise Http404
    return source(request, row.raw.content(), f"outbound-{row.pk}.eml")


def source(request: HttpRequest, raw: bytes, name: str) -> HttpResponse:
    """Plain text to read, or with `download` the file."""
    if "download" in request.GET:
        return guarded(raw, name=name)
    return guarded(raw.decode("utf-8", "replace").encode(), "text/plain; charset=utf-8")


def image_type(content: bytes) -> str:
    """The picture type that the first bytes show; '' for anything else (SVG among it)."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for sign, kind in IMAGE_SIGNS if content.startswith(sign)), "")


def content_of(row: Attachment) -> bytes:
    """The file's bytes, out of the message's; Http404 when they are not there."""
    if row.message.raw is None:
        raise Http404
    part = parse.part(row.message.raw.content(), row.part)
    if part is None:
        raise Http404
    return part.content


def _cid_resolver(message: Message) -> Callable[[str], str | None]:
    files = {row.content_id: row.pk for row in message.attachments.all() if row.content_id}

    def resolve(content_id: str) -> str | None:
        pk = files.get(content_id)
        return reverse("attachment-preview", args=[pk]) if pk is not None else None

    return resolve


def guarded(content: bytes, kind: str = "application/octet-stream", *, name: str = "") -> HttpResponse:
    """Bytes of strangers: never sniffed, never run; with a `name` never shown either."""
    response = HttpResponse(content, content_type=kind)
    if name:
        response.headers["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = FILE_POLICY
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response
