"""Sending what is due: claim, talk to the server outside any transaction, record its word.

A crash between the server's 250 and the record leaves `sending`. When that claim's lease ends the mail becomes
`uncertain` and waits for a person: it is never sent again blindly (RFC 1047 tells why this cannot be avoided).
"""

from __future__ import annotations

import datetime
import logging

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from caseway.accounts.bell import tell
from caseway.accounts.scope import every_organisation
from caseway.cases.models import EventKind, Message
from caseway.mail.model import OutgoingEmail
from caseway.mailboxes import smtp
from caseway.mailboxes.errors import MailboxError, Refused, Temporary, Uncertain
from caseway.outbound.breaker import stop_runaways
from caseway.outbound.models import OutboundEmail, OutboundState

log = logging.getLogger(__name__)

LEASE = datetime.timedelta(minutes=15)
"""Longer than a transmission may take by the timeouts of `mailboxes.smtp`."""
BETWEEN_LOOKS = 10
"""Mails that one sender tries between two looks for runaway sending."""
WAITS = (10, 60, 300, 900, 1800, 3600, 7200)
"""Seconds before the next try; the last is used from then on."""
LONGEST = datetime.timedelta(days=3)
"""How long a temporary refusal is tried again (RFC 5321 4.5.4.1: four to five days; three is when people ask)."""


def send_due() -> int:
    """Send what is due; returns how many were tried. Safe to run in any number of processes at once."""
    with every_organisation():
        _end_leases()
        tried = 0
        stop_runaways()
        while (row := _claim()) is not None:
            _try(row)
            tried += 1
            if tried % BETWEEN_LOOKS == 0:
                stop_runaways()
        return tried


def _claim() -> OutboundEmail | None:
    with transaction.atomic():
        row = OutboundEmail.objects.due().select_for_update(skip_locked=True, of=("self",)).first()
        if row is None:
            return None
        row.state = OutboundState.SENDING
        row.lease_until = timezone.now() + LEASE
        row.lease_number += 1
        row.attempts += 1
        row.save(update_fields=["state", "lease_until", "lease_number", "attempts"])
        return row


def _try(row: OutboundEmail) -> None:
    try:
        email = OutgoingEmail(
            raw=row.raw.content(),
            message_id=row.message_identifier,
            envelope_from=row.envelope_from,
            recipients=tuple(row.recipients),
            needs_smtputf8=row.needs_smtputf8,
        )
        receipt = smtp.send(smtp.outgoing_server(row.mailbox), email)
    except Uncertain as error:
        _record(row, OutboundState.UNCERTAIN, _words(error))
    except Temporary as error:
        _again(row, _words(error))
    except Refused as error:
        _record(row, OutboundState.FAILED, _words(error))
    except Exception as error:  # whatever it is, the next mail must not wait for it
        log.exception("Outbox row %s could not be tried", row.pk)
        _again(row, f"{type(error).__name__}: {error}")
    else:
        _taken(row, receipt)


def _taken(row: OutboundEmail, receipt: smtp.Receipt) -> None:
    """The server took it, perhaps not for everybody: those it put off are tried again alone, the others are told of."""
    later = [one.address for one in receipt.refused if one.is_temporary]
    for_good = [one for one in receipt.refused if not one.is_temporary]
    words = "; ".join([receipt.words, *(f"refused for {one.address}: {one.words}" for one in receipt.refused)])
    if row.case is not None:
        for one in for_good:
            data = {"recipient": one.address, "status": "", "diagnostic": one.words, "permanent": True}
            row.case.record(EventKind.BOUNCED, data, message=row.message)
    if later:
        OutboundEmail.objects.filter(pk=row.pk, lease_number=row.lease_number).update(recipients=later)
        _again(row, words)
    else:
        _record(row, OutboundState.SENT, words, sent_at=timezone.now())


def _again(row: OutboundEmail, words: str) -> None:
    if timezone.now() - row.created_at > LONGEST:
        _record(row, OutboundState.FAILED, f"Tried for {LONGEST.days} days. {words}")
        return
    wait = WAITS[min(row.attempts, len(WAITS)) - 1]
    _record(row, OutboundState.QUEUED, words, send_at=timezone.now() + datetime.timedelta(seconds=wait))


def _record(row: OutboundEmail, state: OutboundState, words: str, **fields: datetime.datetime) -> None:
    """Write the outcome, unless this claim's lease was taken over meanwhile."""
    with transaction.atomic():
        held = OutboundEmail.objects.filter(
            pk=row.pk, lease_number=row.lease_number, state__in=[OutboundState.SENDING, OutboundState.UNCERTAIN]
        )
        if not held.update(state=state, server_words=words[:4000], lease_until=None, **fields):
            log.warning("Outbox row %s was taken over before its outcome (%s) was written", row.pk, state)
            return
        if state == OutboundState.SENT and row.message_id is not None:
            Message.objects.filter(pk=row.message_id).update(sent_at=fields["sent_at"])
        _tell(row)


def _end_leases() -> None:
    late = OutboundEmail.objects.filter(state=OutboundState.SENDING, lease_until__lt=timezone.now())
    for row in late[:100]:
        with transaction.atomic():
            changed = OutboundEmail.objects.filter(
                pk=row.pk, state=OutboundState.SENDING, lease_number=row.lease_number
            ).update(
                state=OutboundState.UNCERTAIN,
                lease_number=F("lease_number"),
                server_words="The process that was sending it ended before the server's answer was written down.",
            )
            if changed:
                _tell(row)


def _tell(row: OutboundEmail) -> None:
    number = row.case.number if row.case is not None else None
    tell(row.organisation_id, "outbound", id=row.pk, number=number)
    if row.case is not None:
        tell(row.organisation_id, "case.changed", id=row.case.pk, number=number)


def _words(error: MailboxError) -> str:
    return error.server_words or str(error)
