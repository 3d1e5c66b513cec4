"""What a mail changes about its case: the line in the lists, and how old and how closed imported cases are."""

from __future__ import annotations

import datetime

from django.utils import timezone

from caseway.accounts.together import change
from caseway.cases.models import Case, EventKind, Status
from caseway.cases.preview import preview_of
from caseway.intake.models import InboundEmail
from caseway.intake.read import Reading
from caseway.mail.thread import same_subject


def touch(case: Case, reading: Reading) -> None:
    """The case's line in the lists: latest words, files, time."""
    case.preview = beginning_of(reading)
    case.has_attachment = case.has_attachment or has_files(reading)
    case.modified_at = case.received_at = timezone.now()
    case.modified_by = None
    case.version += 1
    fields = ["preview", "has_attachment", "modified_at", "received_at", "modified_by", "version"]
    if case.is_snoozed:
        case.is_snoozed, case.snoozed_until = False, None
        case.record(EventKind.WOKEN, {"by": "reply"})
        fields += ["is_snoozed", "snoozed_until"]
    change(case, *fields)


def touch_history(case: Case, inbound: InboundEmail, reading: Reading, reopen_days: int) -> None:
    """A mail from before the connection finds its place: the case is as old, and as closed, as its latest mail says."""
    case.has_attachment = case.has_attachment or has_files(reading)
    if inbound.received_at > case.modified_at:
        case.preview, case.modified_at = beginning_of(reading), inbound.received_at
        if case.status == Status.CLOSED and is_over(inbound, reopen_days):
            case.closed_at = inbound.received_at
        elif case.status == Status.CLOSED:
            case.status, case.closed_at = Status.OPEN, None
    case.created_at = min(case.created_at, inbound.received_at)
    case.version += 1
    change(case, "has_attachment", "preview", "created_at", "modified_at", "status", "closed_at", "version")


def is_over(inbound: InboundEmail, reopen_days: int) -> bool:
    """Mail of an import that is older than a closed case may be reopened waits for nobody any more."""
    return inbound.received_at < timezone.now() - datetime.timedelta(days=reopen_days)


def is_another_matter(case: Case, reading: Reading, idle_days: int) -> bool:
    """Whether an answer has nothing but its headers in common with a case that rested for so many days.

    People answer an old mail in order to write to us. Its subject must be one that the case never had.
    """
    if case.modified_at > timezone.now() - datetime.timedelta(days=idle_days):
        return False
    subject = reading.email.subject
    if case.number in reading.keys.case_numbers or same_subject(subject, case.subject):
        return False
    known = case.messages.values_list("subject", flat=True)
    return not any(same_subject(subject, one) for one in known)


def beginning_of(reading: Reading) -> str:
    """The beginning of what is new, on one line."""
    return preview_of(reading.body.new.strip() or reading.email.text)


def has_files(reading: Reading) -> bool:
    """Whether files came along, apart from images inside the text."""
    return any(not part.is_inline for part in reading.email.attachments)
