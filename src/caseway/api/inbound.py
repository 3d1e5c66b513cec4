"""`/inbound`: the ledger of every mail that ever reached a door of ours, and what became of it."""

from __future__ import annotations

from typing import cast

from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import reverse
from ninja import Query as FromQuery
from ninja import Router
from ninja.responses import Status as Answered

from caseway.api import paging
from caseway.api.authentication import ApiRequest, require_administrator
from caseway.api.messages import RAW_MAIL, download
from caseway.api.problems import WRONG_STATE, ProblemError, not_found
from caseway.api.schemas.base import Id
from caseway.api.schemas.mail import (
    DoorName,
    InboundAnswer,
    InboundList,
    InboundQuery,
    InboundStateName,
    MailboxName,
    MakeCase,
    ReplayAnswer,
    ReplayApplied,
    ReplayChange,
)
from caseway.intake import decisions, remainder, replay
from caseway.intake.models import InboundEmail, InboundState
from caseway.intake.search import Filters, find
from caseway.mailboxes.models import Mailbox

router = Router(tags=["Inbound"], by_alias=True)


@router.get("", response=InboundList, summary="List the ledger", url_name="inbound")
def list_inbound(request: ApiRequest, filters: FromQuery[InboundQuery]) -> InboundList:
    """Every mail that arrived, latest first, with its outcome and the reason.

    A Message-ID as `search` answers at once: in which case it is, why it was ignored, how it failed, or, with an
    empty list, that it never arrived.
    """
    asked = Filters(filters.state, filters.mailbox, filters.kind, filters.since, filters.until, filters.search)
    rows = _rows(request, asked, below=paging.key_of(filters.after), most=filters.size + 1)
    page = paging.newest_first(rows, filters.after, filters.size)
    return InboundList(items=[_answer(row) for row in page.rows], next=page.next or None)


@router.get("/{inbound_id}", response=InboundAnswer, summary="Get a ledger row", url_name="inbound-email")
def get_inbound(request: ApiRequest, inbound_id: Id) -> InboundAnswer:
    """One mail that arrived and what became of it."""
    return _answer(_row(request, inbound_id))


@router.get(
    "/{inbound_id}/raw", summary="Download the mail as it arrived", url_name="inbound-raw", openapi_extra=RAW_MAIL
)
def get_raw_inbound(request: ApiRequest, inbound_id: Id) -> HttpResponse:
    """Byte for byte, whatever became of it."""
    row = _row(request, inbound_id)
    return download(row.raw.content(), "message/rfc822", f"inbound-{row.pk}.eml")


@router.post("/{inbound_id}/process", response={202: InboundAnswer}, summary="Process a mail again", url_name="process")
def process_inbound_again(request: ApiRequest, inbound_id: Id) -> Answered[InboundAnswer]:
    """Puts a failed, quarantined, held or ignored mail back into the queue; read the row again for its outcome.

    A mail that is in a case already is not processed twice.
    """
    row = _row(request, inbound_id)
    if row.state in {InboundState.DELIVERED, InboundState.PENDING}:
        raise ProblemError(
            WRONG_STATE, f"This mail is {row.get_state_display().lower()}: there is nothing to do again."
        )
    decisions.process_again(row)
    return Answered(202, _answer(_row(request, inbound_id)))


@router.post("/{inbound_id}/case", response={202: InboundAnswer}, summary="Make a case anyway", url_name="make-case")
def make_case_of_inbound(request: ApiRequest, inbound_id: Id, wish: MakeCase | None = None) -> Answered[InboundAnswer]:
    """A case of its own for a mail that made none: ignored, held or quarantined. Sends nothing unless asked to."""
    row = _row(request, inbound_id)
    try:
        decisions.make_case(row, by=request.auth, acknowledge=bool(wish and wish.acknowledge))
    except decisions.NotPossibleError as error:
        raise ProblemError(WRONG_STATE, str(error)) from error
    return Answered(202, _answer(_row(request, inbound_id)))


@router.post("/{inbound_id}/rest", response={202: InboundAnswer}, summary="Fetch the rest", url_name="rest")
def fetch_rest(request: ApiRequest, inbound_id: Id) -> Answered[InboundAnswer]:
    """Of a mail that was too large to be fetched by itself. The message in the case completes in the background."""
    row = _row(request, inbound_id)
    try:
        remainder.request(row, by=request.auth)
    except ValueError as error:
        raise ProblemError(WRONG_STATE, str(error)) from error
    return Answered(202, _answer(_row(request, inbound_id)))


@router.get("/{inbound_id}/replay", response=ReplayAnswer, summary="Replay a mail", url_name="replay")
def replay_inbound(request: ApiRequest, inbound_id: Id) -> ReplayAnswer:
    """What today's code would make of it. Changes nothing."""
    row = _row(request, inbound_id)
    found = next(iter(replay.compare([row], row.organisation_id)), None)
    changes = (
        [ReplayChange(what=one.what, before=one.before, after=one.after) for one in found.changes] if found else []
    )
    return ReplayAnswer(inbound=row.pk, changes=changes)


@router.post("/{inbound_id}/replay", response=ReplayApplied, summary="Apply a replay", url_name="apply-replay")
def apply_replay(request: ApiRequest, inbound_id: Id) -> ReplayApplied:
    """Rewrites what was read from the mail, and moves it when it belongs to another case. Sends nothing."""
    row = _row(request, inbound_id)
    return ReplayApplied(inbound=row.pk, done=replay.apply(row, by=request.auth))


def mailbox_name(row: Mailbox | None) -> MailboxName | None:
    return None if row is None else MailboxName(id=row.pk, address=row.address)


def _rows(
    request: ApiRequest, filters: Filters | None = None, *, below: int | None = None, most: int | None = None
) -> QuerySet[InboundEmail]:
    """Administrators only, as the page: the ledger also holds mail of deleted cases."""
    require_administrator(request)
    return (
        find(request.auth.organisation_id, filters or Filters(), below=below, most=most)
        .select_related("mailbox", "support_address", "raw", "case")
        .defer("raw__compressed")
    )


def _row(request: ApiRequest, inbound_id: int) -> InboundEmail:
    found = _rows(request).filter(pk=inbound_id).first()
    if found is None:
        raise not_found(f"inbound mail {inbound_id}")
    return found


def _answer(row: InboundEmail) -> InboundAnswer:
    is_due = row.state in {InboundState.PENDING, InboundState.FAILED}
    return InboundAnswer(
        id=row.pk,
        state=cast(InboundStateName, row.state),
        reason=row.reason,
        detail=row.detail,
        kind=row.kind,
        door=cast(DoorName, row.door),
        mailbox=mailbox_name(row.mailbox),
        folder=row.folder,
        uidvalidity=row.uidvalidity,
        uid=row.uid,
        delivered_to=row.delivered_to,
        support_address=row.support_address.address if row.support_address else None,
        sender=row.sender,
        subject=row.subject,
        message_id=row.message_identifier,
        size=row.raw.size,
        case=row.case.number if row.case else None,
        message=row.message_id,
        size_on_server=row.size_on_server,
        is_history=row.is_history,
        received_at=row.received_at,
        kept_at=row.kept_at,
        processed_at=row.processed_at,
        attempts=row.attempts,
        next_attempt_at=row.next_attempt_at if is_due else None,
        raw_url=reverse("api:inbound-raw", args=[row.pk]),
    )
