"""`/cases/{number}/messages`: what was said, as it came, its files; and saying something: reply and note."""

from __future__ import annotations

from typing import Literal, cast
from urllib.parse import quote

from django.http import HttpResponse
from ninja import Router
from ninja.responses import Status as Answered

from caseway.api import case_json, found, repeats, replying
from caseway.api.authentication import ApiRequest, require_writer
from caseway.api.problems import invalid, not_found
from caseway.api.schemas.base import Id
from caseway.api.schemas.case_changes import NewNote, NewReply
from caseway.api.schemas.cases import MessageAnswer, RecipientWarning, ReplyQueued
from caseway.cases.models import Case, Message
from caseway.mail.parse import part
from caseway.outbound.recipients import warnings
from caseway.outbound.reply import choices, reply

router = Router(tags=["Messages"], by_alias=True)

RAW_MAIL = {
    "responses": {200: {"description": "The bytes", "content": {"message/rfc822": {"schema": {"type": "string"}}}}}
}
FILE = {
    "responses": {
        200: {
            "description": "The bytes, always as a download",
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    }
}


@router.get("/{number}/messages", response=list[MessageAnswer], summary="List a case's messages", url_name="messages")
def list_messages(request: ApiRequest, number: str) -> list[MessageAnswer]:
    """All mails and notes of a case, oldest first."""
    case = found.case(request, number)
    return [case_json.message(case, row) for row in case.timeline() if isinstance(row, Message)]


@router.get("/{number}/messages/{message_id}", response=MessageAnswer, summary="Get a message", url_name="message")
def get_message(request: ApiRequest, number: str, message_id: Id) -> MessageAnswer:
    """One mail or note."""
    case = found.case(request, number)
    return case_json.message(case, _message(case, message_id))


@router.get(
    "/{number}/messages/{message_id}/raw", summary="Download a raw mail", url_name="message-raw", openapi_extra=RAW_MAIL
)
def get_raw_message(request: ApiRequest, number: str, message_id: Id) -> HttpResponse:
    """The mail byte for byte as it came, or as it was sent. Notes have none."""
    case = found.case(request, number)
    row = _message(case, message_id)
    if row.raw is None:
        raise not_found(f"raw mail of message {message_id}: it is a note")
    return download(row.raw.content(), "message/rfc822", f"{case.label}-{row.pk}.eml")


@router.get(
    "/{number}/messages/{message_id}/attachments/{attachment_id}",
    summary="Download an attachment",
    url_name="attachment",
    openapi_extra=FILE,
)
def get_attachment(request: ApiRequest, number: str, message_id: Id, attachment_id: Id) -> HttpResponse:
    """The file as it was sent, always as a download and never as the type that its sender claims."""
    row = _message(found.case(request, number), message_id)
    file = row.attachments.filter(pk=attachment_id).first()
    piece = part(row.raw.content(), file.part) if file is not None and row.raw is not None else None
    if file is None or piece is None:
        raise not_found(f"attachment {attachment_id}")
    return download(piece.content, "application/octet-stream", file.name)


@router.post("/{number}/note", response={201: MessageAnswer}, summary="Write a note", url_name="note")
def write_note(
    request: ApiRequest, number: str, note: NewNote, idempotency_key: repeats.KeyHeader = ""
) -> Answered[MessageAnswer]:
    """Seen by employees, never sent. Light agents may."""
    case = found.case(request, number)
    if not note.text.strip():
        raise invalid("text", "The note is empty. Write something first.")
    made = repeats.once(request, idempotency_key, note, lambda: case.note(note.text, by=request.auth).pk)
    return Answered(201, case_json.message(case, _message(case, made)))


@router.post("/{number}/reply", response={202: ReplyQueued}, summary="Reply to the customer", url_name="reply")
def reply_to_case(
    request: ApiRequest, number: str, new: NewReply, idempotency_key: repeats.KeyHeader = ""
) -> Answered[ReplyQueued]:
    """An email in the case's thread, queued and sent at once or after `undo_seconds`.

    202 means that it is kept and will be sent; `delivery` in the case says how far it is. Send an `Idempotency-Key`,
    so that a request sent twice writes to the customer once.
    """
    require_writer(request)
    case = found.case(request, number)
    key = repeats.own_key(request, idempotency_key)
    offered = choices(case, request.auth)
    draft = replying.draft(offered, new, key)
    noted = warnings(case, (*draft.to, *draft.cc, *draft.bcc), offered.people)
    sent = reply(case, request.auth, draft)
    repeats.same_as_before(request, idempotency_key, new)
    return Answered(
        202,
        ReplyQueued(
            case=case.number,
            message=sent.message_id,
            warnings=[
                RecipientWarning(
                    email=one.email, kind=cast(Literal["third party", "unverified"], one.kind), sentence=one.sentence
                )
                for one in noted
            ],
            message_id=sent.message_identifier,
            delivery=case_json.delivery(sent),
        ),
    )


def download(content: bytes, content_type: str, name: str) -> HttpResponse:
    """A file that no browser opens by itself."""
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


def _message(case: Case, message_id: int) -> Message:
    row = (
        case.messages.select_related("employee", "contact", "outbound", "raw")
        .prefetch_related("attachments")
        .filter(pk=message_id)
        .first()
    )
    if row is None:
        raise not_found(f"message {message_id} in this case")
    return row
