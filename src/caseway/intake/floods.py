"""Too much of one sender at once: the same mail over and over, a bombed case, a hundred matters in an hour.

What is too much is held: kept, shown, and made into cases when a person says so. A table says how much that is.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from caseway.cases.models import Case
from caseway.contacts.models import Contact
from caseway.intake.known import Known
from caseway.intake.models import InboundEmail
from caseway.intake.read import Reading
from caseway.outbound.models import PauseKind
from caseway.outbound.pauses import alert, begin

MINUTE = datetime.timedelta(minutes=1)
SAME_IN_A_MINUTE = 15
"""The very same mail (sender, subject, body) within a minute: a program that went wrong."""
CASES_IN_AN_HOUR = 100
"""New cases of one known address."""
IN_ONE_CASE_IN_AN_HOUR = 60
"""Messages of one address in one case: two machines that answer each other through us."""


@dataclass(frozen=True, slots=True)
class Flood:
    """`held`: why the mail has to wait for a person. `unanswered`: why its case gets no acknowledgement."""

    held: str = ""
    unanswered: str = ""


def find_flood(
    inbound: InboundEmail,
    reading: Reading,
    case: Case | None,
    contact: Contact | None,
    known: Known,
    *,
    is_stranger: bool,
) -> Flood:
    """What speaks against taking the mail as any other. History is never a flood, nor what a person let through."""
    if inbound.is_history or inbound.decision or is_stranger:
        return Flood()
    times_before: list[datetime.datetime] = []
    if case is not None:
        found = _in_case(case, reading, known)
    else:
        times_before = known.same_words(inbound, reading)
        found = _of_same(inbound, reading, times_before) or _of_cases(reading, contact, known)
    if not found:
        return Flood(unanswered="the same words came from this sender before" if times_before else "")
    _tell(inbound.organisation_id, reading, found)
    return Flood(held=f"{found}. It waits for a person: let it through, or ignore the sender.")


def _in_case(case: Case, reading: Reading, known: Known) -> str:
    conversation = known.conversations.of(case.pk)
    if conversation is None or conversation.written[reading.email.sender.email[:320]] < IN_ONE_CASE_IN_AN_HOUR:
        return ""
    return f"{reading.email.sender.email} wrote {IN_ONE_CASE_IN_AN_HOUR} times into {case.label} within an hour"


def _of_same(inbound: InboundEmail, reading: Reading, times: list[datetime.datetime]) -> str:
    if sum(abs(time - inbound.received_at) <= MINUTE for time in times) < SAME_IN_A_MINUTE:
        return ""
    return f"The same mail came {SAME_IN_A_MINUTE} times from {reading.email.sender.email} within a minute"


def _of_cases(reading: Reading, contact: Contact | None, known: Known) -> str:
    if contact is None or known.cases_begun_by(contact) < CASES_IN_AN_HOUR:
        return ""
    return f"{reading.email.sender.email} began {CASES_IN_AN_HOUR} cases within an hour"


def _tell(organisation_id: int, reading: Reading, reason: str) -> None:
    if begin(organisation_id, PauseKind.FLOOD, reading.email.sender.key, reason):
        alert(
            organisation_id,
            f"Mail from {reading.email.sender.email} is held",
            f"{reason}. Caseway holds what comes on top of that, so that your team can work. Nothing is lost.\n\n"
            "Let it through, or ignore the sender, in the mail log:",
            "/settings/mail-log?state=held",
        )
