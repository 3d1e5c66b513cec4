"""`/email-to-case`: the connected addresses with their health; adding one by Authenticate; edit, pause, delete."""

from __future__ import annotations

import time

from ninja import Query as FromQuery
from ninja import Router
from ninja.responses import Status as Answered

from caseway.api import account_json
from caseway.api.authentication import ApiRequest, require_administrator
from caseway.api.problems import INVALID, FieldError, ProblemError, not_found
from caseway.api.schemas.base import Id
from caseway.api.schemas.email_to_case import (
    AccountChange,
    AccountInput,
    DiagnosisAnswer,
    EmailToCaseAnswer,
    NewAccount,
    Wait,
)
from caseway.mailboxes import diagnosis, management
from caseway.mailboxes.form import AccountForm, needs_authentication, validate
from caseway.mailboxes.models import Diagnosis, DiagnosisState, SupportAddress

router = Router(tags=["Email to Case"], by_alias=True)

LOOK_EVERY = 0.2
"""Seconds between looks while a caller waits."""
ENDED = {DiagnosisState.PASSED, DiagnosisState.FAILED}


@router.get("", response=list[EmailToCaseAnswer], summary="List connected addresses", url_name="email-to-case")
def list_addresses(request: ApiRequest) -> list[EmailToCaseAnswer]:
    """Every connected address with its live health. Passwords are never given out."""
    require_administrator(request)
    return [account_json.address(row) for row in _rows(request).order_by("address", "pk")]


@router.post("", response={202: DiagnosisAnswer}, summary="Connect an address", url_name="connect")
def connect_address(request: ApiRequest, new: NewAccount, wait: FromQuery[Wait]) -> Answered[DiagnosisAnswer]:
    """Starts Authenticate: DNS, TCP, TLS, capabilities, login, folders, IDLE, SMTP, then a message to itself.

    The address is saved only when every step passes. 202 names the run; read it again at its `url`, or send
    `?wait=30` to get it when it has ended. On a plan without Email to Case: 403.
    """
    diagnosis.may_manage(request.auth, request.auth.organisation)
    asked = diagnosis.request(request.auth.organisation, request.auth, _form(request, new, None))
    return Answered(202, account_json.diagnosis(_ended(asked, wait.wait)))


@router.get(
    "/diagnoses/{diagnosis_id}", response=DiagnosisAnswer, summary="Get a run of Authenticate", url_name="diagnosis"
)
def get_diagnosis(request: ApiRequest, diagnosis_id: Id) -> DiagnosisAnswer:
    """Each step as far as the run is, with cause and fix where one failed."""
    require_administrator(request)
    found = Diagnosis.objects.filter(organisation_id=request.auth.organisation_id, pk=diagnosis_id).first()
    if found is None:
        raise not_found(f"diagnosis {diagnosis_id}")
    return account_json.diagnosis(found)


@router.get("/{address_id}", response=EmailToCaseAnswer, summary="Get a connected address", url_name="address")
def get_address(request: ApiRequest, address_id: Id) -> EmailToCaseAnswer:
    """One address with its live health."""
    return account_json.address(find_row(request, address_id))


@router.patch(
    "/{address_id}",
    response={200: EmailToCaseAnswer, 202: DiagnosisAnswer},
    summary="Change a connected address",
    url_name="change-address",
)
def change_address(
    request: ApiRequest, address_id: Id, change: AccountChange, wait: FromQuery[Wait]
) -> Answered[EmailToCaseAnswer] | Answered[DiagnosisAnswer]:
    """Switches, aliases and the assignee are saved at once (200). What touches a server runs Authenticate (202)."""
    row = find_row(request, address_id)
    diagnosis.may_manage(request.auth, request.auth.organisation)
    form = _form(request, change, row)
    if needs_authentication(form, row):
        asked = diagnosis.request(request.auth.organisation, request.auth, form, row)
        return Answered(202, account_json.diagnosis(_ended(asked, wait.wait)))
    management.update(row, form, by=request.auth)
    return Answered(200, account_json.address(find_row(request, address_id)))


@router.post("/{address_id}/pause", response=EmailToCaseAnswer, summary="Pause an address", url_name="pause")
def pause_address(request: ApiRequest, address_id: Id) -> EmailToCaseAnswer:
    """No mail is taken for it until it is resumed; what arrives meanwhile waits on the server."""
    management.pause(find_row(request, address_id), by=request.auth)
    return account_json.address(find_row(request, address_id))


@router.post("/{address_id}/resume", response=EmailToCaseAnswer, summary="Resume an address", url_name="resume")
def resume_address(request: ApiRequest, address_id: Id) -> EmailToCaseAnswer:
    """Mail is taken again; a mailbox whose login was refused is tried again."""
    management.resume(find_row(request, address_id), by=request.auth)
    return account_json.address(find_row(request, address_id))


@router.delete("/{address_id}", response={204: None}, summary="Disconnect an address", url_name="disconnect")
def delete_address(request: ApiRequest, address_id: Id) -> Answered[None]:
    """Cases and ledger stay. With the last address of an account its passwords are forgotten."""
    management.delete(find_row(request, address_id), by=request.auth)
    return Answered(204, None)


def _rows(request: ApiRequest) -> account_json.Rows:
    return SupportAddress.objects.filter(
        organisation_id=request.auth.organisation_id, deleted_at=None, mailbox__deleted_at=None
    ).select_related("mailbox", "organisation", "assigned_employee", "assigned_team")


def find_row(request: ApiRequest, address_id: int) -> SupportAddress:
    """A connected address, for administrators. Raises ProblemError."""
    require_administrator(request)
    row = _rows(request).filter(pk=address_id).first()
    if row is None:
        raise not_found(f"connected address {address_id}")
    return row


def _form(request: ApiRequest, given: AccountInput, row: SupportAddress | None) -> AccountForm:
    """The form as the page would post it; raises ProblemError with a sentence for each field that is wrong."""
    form = validate(account_json.form_values(request, given), row)
    if isinstance(form, AccountForm):
        return form
    errors = [FieldError(account_json.ours(field), sentence) for field, sentence in form.items()]
    raise ProblemError(INVALID, " ".join(error.detail for error in errors), errors=errors)


def _ended(asked: Diagnosis, seconds: int) -> Diagnosis:
    """The run when it has ended, or as it stands after so many seconds."""
    deadline = time.monotonic() + seconds
    asked.refresh_from_db()
    while asked.state not in ENDED and time.monotonic() < deadline:
        time.sleep(LOOK_EVERY)
        asked.refresh_from_db()
    return asked
