"""Uncertain mail that left after all: its copy, a report on it or an answer to it is in the ledger."""

from __future__ import annotations

from caseway.accounts.scope import organisation_scope
from caseway.cases.models import Event, EventKind, Message
from caseway.intake.models import InboundEmail
from caseway.outbound.models import OutboundEmail, OutboundState
from caseway.outbound.outbox import settle

MOST = 200


def settle_uncertain() -> int:
    """Mark as sent what surely was, with the evidence; returns how many. Works across organisations."""
    settled = 0
    for row in OutboundEmail.objects.filter(state=OutboundState.UNCERTAIN).order_by("pk")[:MOST]:
        with organisation_scope(row.organisation_id):
            if evidence := _evidence(row):
                settled += settle(row, evidence)
    return settled


def _evidence(row: OutboundEmail) -> str:
    ledger = InboundEmail.objects.filter(organisation_id=row.organisation_id)
    copy = ledger.filter(message_identifier=row.message_identifier).select_related("mailbox").first()
    if copy is not None:
        where = copy.mailbox.address if copy.mailbox else "Caseway"
        return f"Its copy arrived in {where}{f' ({copy.folder})' if copy.folder else ''}."
    answer = Message.objects.naming([row.message_identifier]).filter(direction="in").order_by("pk").first()
    if answer is not None:
        return f"{answer.from_email or 'Somebody'} answered it on {answer.created_at:%Y-%m-%d %H:%M} UTC."
    if row.message_id and Event.objects.filter(message_id=row.message_id, kind=EventKind.BOUNCED).exists():
        return "A server reported that it could not deliver it, so it had left."
    return ""
