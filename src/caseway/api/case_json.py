"""Cases as the API gives them out: every field is named here, so a new column shows nowhere by itself."""

from __future__ import annotations

from typing import Any, cast

from django.urls import reverse

from caseway.accounts.models import Employee, Team
from caseway.api.schemas.base import AddressAnswer, Named
from caseway.api.schemas.cases import (
    AssignedTo,
    AttachmentAnswer,
    CaseAnswer,
    CaseInList,
    Delivery,
    DeliveryState,
    DirectionName,
    EventAnswer,
    MessageAnswer,
    ParticipantAnswer,
)
from caseway.cases.models import Attachment, Case, Event, Message
from caseway.contacts.models import Contact, Customer
from caseway.mail.html import SafeHtml, safe_html
from caseway.outbound.models import OutboundEmail


def named(row: Employee | Contact | Customer | None) -> Named | None:
    return None if row is None else Named(id=row.pk, name=row.name)


def in_list(case: Case) -> CaseInList:
    """A row of a list."""
    return CaseInList(**_fields(case))


def whole(case: Case) -> CaseAnswer:
    """The case with its messages, events and files; a fixed number of queries however long it is."""
    entries = case.timeline()
    messages = [_message(case, entry) for entry in entries if isinstance(entry, Message)]
    related = case.related_to
    return CaseAnswer(
        **_fields(case),
        description=case.description,
        addressed_to=[row.support_address.address for row in case.came_through.select_related("support_address")],
        related_to=related.number if related else None,
        related_reason=case.related_reason,
        participants=[
            ParticipantAnswer(name=row.name, email=row.email, is_verified=row.is_verified)
            for row in case.participants.order_by("pk")
        ],
        messages=messages,
        events=[event(entry) for entry in entries if isinstance(entry, Event)],
        attachments=[file for entry in messages for file in entry.attachments],
    )


def message(case: Case, row: Message) -> MessageAnswer:
    """One entry of the timeline."""
    return _message(case, row)


def event(row: Event) -> EventAnswer:
    return EventAnswer(id=row.pk, kind=row.kind, data=row.data, employee=named(row.employee), created_at=row.created_at)


def delivery(row: OutboundEmail) -> Delivery:
    return Delivery(
        id=row.pk,
        state=cast(DeliveryState, row.state),
        attempts=row.attempts,
        send_at=row.send_at,
        sent_at=row.sent_at,
        server_words=row.server_words,
    )


def assigned_to(employee: Employee | None, team: Team | None) -> AssignedTo | None:
    if employee is not None:
        return AssignedTo(kind="employee", id=employee.pk, name=employee.name, email=employee.email)
    if team is not None:
        return AssignedTo(kind="team", id=team.pk, name=team.name, email=None)
    return None


def _fields(case: Case) -> dict[str, Any]:
    return {
        "number": case.number,
        "label": case.label,
        "subject": case.subject,
        "preview": case.preview,
        "status": case.status,
        "type": case.type,
        "priority": case.priority,
        "source": case.source,
        "assigned_to": assigned_to(case.assigned_employee, case.assigned_team),
        "contact": named(case.contact),
        "customer": named(case.customer),
        "email": case.email,
        "tags": case.tags,
        "need_by": case.need_by,
        "has_attachment": case.has_attachment,
        "created_at": case.created_at,
        "created_by": named(case.created_by),
        "modified_at": case.modified_at,
        "modified_by": named(case.modified_by),
        "closed_at": case.closed_at,
        "version": case.version,
    }


def _message(case: Case, row: Message) -> MessageAnswer:
    files = list(row.attachments.all())
    html = _safe(case, row, files)
    sent: OutboundEmail | None = getattr(row, "outbound", None)
    return MessageAnswer(
        id=row.pk,
        direction=cast(DirectionName, row.direction),
        is_automatic=row.is_automatic,
        author=row.author,
        employee=named(row.employee),
        contact=named(row.contact),
        from_=AddressAnswer(name=row.from_name, email=row.from_email),
        to=AddressAnswer.of_pairs(row.to),
        cc=AddressAnswer.of_pairs(row.cc),
        reply_to=AddressAnswer.of_pairs(row.reply_to),
        subject=row.subject,
        message_id=row.message_identifier,
        in_reply_to=row.references[-1] if row.references else "",
        references=row.references,
        text=row.text,
        new_text=row.new_text,
        html=html.html,
        blocked_images=html.blocked_images,
        attachments=[_file(case, file) for file in files],
        delivery=delivery(sent) if sent is not None else None,
        kind=row.kind,
        kind_reason=row.kind_reason,
        evidence=row.evidence,
        is_unverified=row.is_unverified,
        defects=row.defects,
        sent_at=row.sent_at,
        created_at=row.created_at,
        raw_url=_address("message-raw", case.number, row.pk) if row.raw_id else None,
    )


def _safe(case: Case, row: Message, files: list[Attachment]) -> SafeHtml:
    """Never the HTML as it was sent; inline images point to their files."""
    if not row.html:
        return SafeHtml("", 0)
    images = {
        file.content_id: _address("attachment", case.number, row.pk, file.pk) for file in files if file.content_id
    }
    return safe_html(row.html, resolve_cid=images.get)


def _file(case: Case, row: Attachment) -> AttachmentAnswer:
    return AttachmentAnswer(
        id=row.pk,
        message=row.message_id,
        name=row.name,
        content_type=row.content_type,
        size=row.size,
        is_inline=row.is_inline,
        url=_address("attachment", case.number, row.message_id, row.pk),
    )


def _address(name: str, *args: int) -> str:
    return reverse(f"api:{name}", args=args)
