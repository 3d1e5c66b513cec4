"""Connected addresses between the API's words (the user's own) and the form's; passwords go one way only."""

from __future__ import annotations

from typing import Any, Literal, cast

from django.db.models import QuerySet
from django.urls import reverse
from pydantic import SecretStr

from caseway.api import case_json, found
from caseway.api.authentication import ApiRequest
from caseway.api.schemas.email_to_case import (
    AccountInput,
    AfterName,
    DiagnosisAnswer,
    DiagnosisStateName,
    EmailToCaseAnswer,
    Health,
    SecurityName,
    StateName,
    StepAnswer,
    Trouble,
)
from caseway.mailboxes.models import Diagnosis, Mailbox, SupportAddress

Rows = QuerySet[SupportAddress]

FORM_NAMES = {"receiving_email_account": "address", "imap_host_name": "imap_host", "port": "imap_port"}
"""Fields whose name in the form is another than the API's."""
OUR_NAMES = {form: ours for ours, form in FORM_NAMES.items()}


def ours(form_name: str) -> str:
    """The API's name of a field of the form."""
    return OUR_NAMES.get(form_name, form_name)


def form_values(request: ApiRequest, given: AccountInput) -> dict[str, Any]:
    """What the caller named, under the form's names; raises ProblemError for an assignee that cannot be found."""
    named = given.model_dump(exclude_unset=True, exclude={"employee", "team"})
    values = {FORM_NAMES.get(field, field): _plain(value) for field, value in named.items() if value is not None}
    if given.model_fields_set & {"employee", "team"}:
        employee, team = found.assignee(request, given.employee, given.team)
        values["assigned_employee"] = employee.pk if employee else None
        values["assigned_team"] = team.pk if team else None
    return values


def address(row: SupportAddress) -> EmailToCaseAnswer:
    """A connected address without its passwords."""
    mailbox = row.mailbox
    return EmailToCaseAnswer(
        id=row.pk,
        receiving_email_account=mailbox.address,
        login="" if mailbox.login == mailbox.address else mailbox.login,
        addressed_to=row.address,
        aliases=row.aliases,
        imap_host_name=mailbox.imap_host,
        port=mailbox.imap_port,
        imap_security=cast(SecurityName, mailbox.imap_security),
        folders=mailbox.folders,
        assigned_to=case_json.assigned_to(row.assigned_employee, row.assigned_team),
        from_email_id=row.from_email_id,
        add_to_cc=row.add_to_cc,
        display_name=row.display_name,
        acknowledges=row.acknowledges,
        is_default=row.is_default,
        smtp_host=mailbox.smtp_host,
        smtp_port=mailbox.smtp_port,
        smtp_security=cast(SecurityName, mailbox.smtp_security),
        smtp_login=mailbox.smtp_login,
        after_processing=cast(AfterName, mailbox.after_processing),
        move_to_folder=mailbox.move_to_folder,
        trusted_authserv=mailbox.trusted_authserv,
        copies_sent=mailbox.copies_since is not None,
        created_at=row.created_at,
        health=_health(row, mailbox),
    )


def diagnosis(row: Diagnosis) -> DiagnosisAnswer:
    """A run of Authenticate as it stands."""
    return DiagnosisAnswer(
        id=row.pk,
        state=cast(DiagnosisStateName, row.state),
        steps=[StepAnswer(**step) for step in row.steps],
        email_to_case=row.support_address_id,
        seconds=row.seconds,
        requested_at=row.requested_at,
        finished_at=row.finished_at,
        url=reverse("api:diagnosis", args=[row.pk]),
    )


def _health(row: SupportAddress, mailbox: Mailbox) -> Health:
    trouble = Trouble(
        cause=mailbox.error_cause, fix=mailbox.error_fix, server_words=mailbox.error_line, since=mailbox.error_at
    )
    connected = cast(Literal["idle", "polling"] | None, mailbox.watched_by or None)
    return Health(
        state=cast(StateName, mailbox.state),
        is_paused=row.is_paused,
        connected=connected,
        checked_at=mailbox.checked_at,
        last_message_at=mailbox.last_message_at,
        trouble=trouble if mailbox.error_cause else None,
    )


def _plain(value: Any) -> Any:
    return value.get_secret_value() if isinstance(value, SecretStr) else value
