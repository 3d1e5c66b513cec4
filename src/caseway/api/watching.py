"""Beside the connected addresses: imports of older mail, daily counts, and alarms."""

from __future__ import annotations

from typing import cast

from ninja import Router
from ninja.responses import Status as Answered

from caseway.api.authentication import ApiRequest, require_administrator
from caseway.api.email_to_case import find_row
from caseway.api.problems import INVALID, WRONG_STATE, ProblemError, not_found
from caseway.api.schemas.base import Id
from caseway.api.schemas.watching import (
    AlarmAnswer,
    DailyCountAnswer,
    HistoryImportAnswer,
    NewHistoryImport,
    WorkName,
)
from caseway.intake import history
from caseway.intake.alarms import open_alarms
from caseway.intake.models import DailyCount, HistoryImport

router = Router(tags=["Email to Case"], by_alias=True)


@router.get(
    "/email-to-case/{address_id}/history-imports",
    response=list[HistoryImportAnswer],
    summary="List imports of older mail",
    url_name="history-imports",
)
def list_history_imports(request: ApiRequest, address_id: Id) -> list[HistoryImportAnswer]:
    """Those of the address's account, latest first."""
    row = find_row(request, address_id)
    return [_import(one) for one in HistoryImport.objects.filter(mailbox_id=row.mailbox_id).order_by("-pk")[:50]]


@router.post(
    "/email-to-case/{address_id}/history-imports",
    response={202: HistoryImportAnswer},
    summary="Import older mail",
    url_name="import-history",
)
def import_history(request: ApiRequest, address_id: Id, new: NewHistoryImport) -> Answered[HistoryImportAnswer]:
    """Mail that lay in the mailbox before it was connected becomes cases; nobody is sent an acknowledgement.

    It runs in the background: list the imports to see how far it is. One at a time for each account.
    """
    row = find_row(request, address_id)
    try:
        return Answered(202, _import(history.request(row.mailbox, new.since, by=request.auth)))
    except history.ImportRunsError as error:
        raise ProblemError(WRONG_STATE, str(error)) from error
    except ValueError as error:
        raise ProblemError(INVALID, str(error)) from error


@router.delete(
    "/email-to-case/{address_id}/history-imports/{import_id}",
    response={204: None},
    summary="Stop an import",
    url_name="stop-import",
)
def stop_history_import(request: ApiRequest, address_id: Id, import_id: Id) -> Answered[None]:
    """What it brought stays."""
    row = find_row(request, address_id)
    asked = HistoryImport.objects.filter(mailbox_id=row.mailbox_id, pk=import_id).first()
    if asked is None:
        raise not_found(f"import {import_id} of this address")
    history.cancel(asked, by=request.auth)
    return Answered(204, None)


@router.get(
    "/email-to-case/{address_id}/daily-counts",
    response=list[DailyCountAnswer],
    summary="List daily counts",
    url_name="daily-counts",
)
def list_daily_counts(request: ApiRequest, address_id: Id) -> list[DailyCountAnswer]:
    """What the server of the address's account holds of each day, and where each message is. Latest first."""
    row = find_row(request, address_id)
    return [_count(one) for one in DailyCount.objects.filter(mailbox_id=row.mailbox_id).order_by("-day")[:400]]


@router.get("/alarms", response=list[AlarmAnswer], summary="List alarms", url_name="alarms")
def list_alarms(request: ApiRequest) -> list[AlarmAnswer]:
    """What needs a person now; empty while all is well."""
    require_administrator(request)
    return [
        AlarmAnswer(kind=one.kind, text=one.text, fix=one.fix, since=one.since, told_at=one.told_at)
        for one in open_alarms(request.auth.organisation_id)
    ]


def _import(row: HistoryImport) -> HistoryImportAnswer:
    return HistoryImportAnswer(
        id=row.pk,
        state=cast(WorkName, str(row.state)),
        since=row.since,
        total=row.total,
        seen=row.seen,
        kept=row.kept,
        problem=row.words,
        requested_at=row.requested_at,
        finished_at=row.finished_at,
    )


def _count(row: DailyCount) -> DailyCountAnswer:
    return DailyCountAnswer(
        day=row.day,
        line=str(row),
        on_server=row.on_server,
        in_cases=row.in_cases,
        ignored=row.ignored,
        quarantined=row.quarantined,
        waiting=row.waiting,
        missing=row.missing,
        recovered=row.recovered,
        gone=row.gone,
        checked_at=row.checked_at,
    )
