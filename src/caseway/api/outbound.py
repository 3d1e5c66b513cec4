"""`/outbound`: the outbox, from queueing to the server's word."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from django.db.models import Q, QuerySet
from ninja import Query as FromQuery
from ninja import Router

from caseway.api import found, paging
from caseway.api.authentication import ApiRequest, require_administrator, require_writer
from caseway.api.inbound import mailbox_name
from caseway.api.problems import WRONG_STATE, ProblemError, invalid, not_found
from caseway.api.schemas.base import Id
from caseway.api.schemas.cases import DeliveryState
from caseway.api.schemas.mail import OutboundAnswer, OutboundKindName, OutboundList, OutboundQuery
from caseway.cases.models import Case
from caseway.outbound import outbox
from caseway.outbound.errors import CannotSendError
from caseway.outbound.models import OutboundEmail, OutboundKind, OutboundState
from caseway.outbound.reply import undo

router = Router(tags=["Outbound"], by_alias=True)


@router.get("", response=OutboundList, summary="List the outbox", url_name="outbound")
def list_outbound(request: ApiRequest, filters: FromQuery[OutboundQuery]) -> OutboundList:
    """Every mail that left or will leave, latest first; invitations for administrators only."""
    rows = _rows(request)
    if filters.state:
        rows = rows.filter(state__in=filters.state)
    if filters.kind:
        rows = rows.filter(kind__in=filters.kind)
    if filters.case:
        rows = rows.filter(case=_case(request, filters.case))
    if words := filters.search.strip():
        rows = rows.filter(
            Q(message_identifier=words.strip("<>")) | Q(subject__icontains=words) | Q(recipients__icontains=words)
        )
    page = paging.newest_first(rows, filters.after, filters.size)
    return OutboundList(items=[_answer(row) for row in page.rows], next=page.next or None)


@router.get("/{outbound_id}", response=OutboundAnswer, summary="Get an outgoing mail", url_name="outbound-email")
def get_outbound(request: ApiRequest, outbound_id: Id) -> OutboundAnswer:
    """One mail of the outbox and how far it is."""
    return _answer(_row(request, outbound_id))


@router.post("/{outbound_id}/cancel", response=OutboundAnswer, summary="Cancel a queued mail", url_name="cancel")
def cancel_outbound(request: ApiRequest, outbound_id: Id) -> OutboundAnswer:
    """Takes a reply back while it is queued, out of its case too; administrators stop other mail.

    Once it is being sent it cannot be stopped: 409.
    """
    row = _row(request, outbound_id)
    require_writer(request)
    if row.kind != OutboundKind.REPLY:
        require_administrator(request)
    if row.state != OutboundState.CANCELLED:
        with _right_state():
            if row.kind == OutboundKind.REPLY:
                undo(row, by=request.auth)
            else:
                outbox.cancel(row, by=request.auth)
    return _answer(_row(request, outbound_id))


@router.post("/{outbound_id}/send-again", response=OutboundAnswer, summary="Send a mail again", url_name="send-again")
def send_outbound_again(request: ApiRequest, outbound_id: Id) -> OutboundAnswer:
    """Queues a failed or uncertain mail once more: the same bytes, the same Message-ID. For administrators.

    An uncertain one may have arrived already, which only a person can find out: look before you call this.
    """
    row = _row(request, outbound_id)
    require_administrator(request)
    with _right_state():
        outbox.send_again(row, by=request.auth)
    return _answer(_row(request, outbound_id))


@router.post("/{outbound_id}/send-now", response=OutboundAnswer, summary="Send a mail now", url_name="send-now")
def send_outbound_now(request: ApiRequest, outbound_id: Id) -> OutboundAnswer:
    """A mail that waits leaves at once: scheduled, held, or between two tries."""
    row = _row(request, outbound_id)
    require_writer(request)
    with _right_state():
        outbox.send_now(row, by=request.auth)
    return _answer(_row(request, outbound_id))


@router.post("/{outbound_id}/release", response=OutboundAnswer, summary="Release a held reply", url_name="release")
def release_outbound(request: ApiRequest, outbound_id: Id) -> OutboundAnswer:
    """A scheduled reply was held, because the customer wrote meanwhile: it still fits, and leaves as planned."""
    row = _row(request, outbound_id)
    require_writer(request)
    with _right_state():
        outbox.release(row, by=request.auth)
    return _answer(_row(request, outbound_id))


@router.post(
    "/{outbound_id}/was-sent", response=OutboundAnswer, summary="Settle an uncertain mail", url_name="was-sent"
)
def outbound_was_sent(request: ApiRequest, outbound_id: Id) -> OutboundAnswer:
    """Somebody found out that it arrived. For administrators."""
    row = _row(request, outbound_id)
    require_administrator(request)
    with _right_state():
        outbox.was_sent(row, by=request.auth)
    return _answer(_row(request, outbound_id))


@contextmanager
def _right_state() -> Iterator[None]:
    """It has gone too far for this, or not far enough: said as a conflict."""
    try:
        yield
    except CannotSendError as error:
        raise ProblemError(WRONG_STATE, str(error)) from error


def _case(request: ApiRequest, number: str) -> Case:
    try:
        return found.case(request, number)
    except ProblemError as problem:
        raise invalid("case", problem.detail) from None


def _rows(request: ApiRequest) -> QuerySet[OutboundEmail]:
    """Administrators see all; others what they see in the cases: no invitations, nothing of deleted cases."""
    rows = OutboundEmail.objects.filter(organisation_id=request.auth.organisation_id)
    if not request.auth.is_administrator:
        rows = rows.filter(case__isnull=False, case__deleted_at=None)
    return rows.select_related("mailbox", "case", "created_by")


def _row(request: ApiRequest, outbound_id: int) -> OutboundEmail:
    row = _rows(request).filter(pk=outbound_id).first()
    if row is None:
        raise not_found(f"outgoing mail {outbound_id}")
    return row


def _answer(row: OutboundEmail) -> OutboundAnswer:
    return OutboundAnswer(
        id=row.pk,
        kind=cast(OutboundKindName, row.kind),
        state=cast(DeliveryState, row.state),
        case=row.case.number if row.case else None,
        message=row.message_id,
        subject=row.subject,
        recipients=row.recipients,
        envelope_from=row.envelope_from,
        message_id=row.message_identifier,
        mailbox=mailbox_name(row.mailbox),
        send_at=row.send_at,
        attempts=row.attempts,
        is_scheduled=row.is_scheduled,
        evidence=row.evidence,
        server_words=row.server_words,
        created_by=row.created_by.name if row.created_by else None,
        created_at=row.created_at,
        sent_at=row.sent_at,
    )
