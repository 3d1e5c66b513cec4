"""Sending what is due: claim, talk to the server outside any transaction, record its word.

Before the last dot of a mail is sent, `handed_over_at` is written and committed, by the holder of the claim only. A
claim whose process died before that is queued again: the server cannot have taken the mail. One that died after it
leaves the mail `uncertain` until a person decides: it is never sent again blindly (RFC 1047 tells why this cannot be
avoided).
"""

from __future__ import annotations

import datetime
import logging
import time
from collections.abc import Callable
from functools import partial

from django.db import DatabaseError, connection, transaction
from django.db.models import F
from django.utils import timezone

from caseway.accounts import presence
from caseway.accounts.bell import ring, tell
from caseway.accounts.crash_points import reach
from caseway.accounts.scope import every_organisation
from caseway.accounts.together import gathered
from caseway.cases.models import EventKind, Message
from caseway.mail.model import OutgoingEmail
from caseway.mailboxes import smtp
from caseway.mailboxes.errors import MailboxError, Refused, Temporary, Uncertain
from caseway.outbound.breaker import stop_runaways
from caseway.outbound.models import OutboundEmail, OutboundState

log = logging.getLogger(__name__)

LEASE = datetime.timedelta(minutes=15)
"""Longer than a transmission may take by the timeouts of `mailboxes.smtp`. A worker's claims end with the worker."""
RECORD_SECONDS = 120.0
"""How long a server's word is held while the database is away."""
BETWEEN_LOOKS = 10
"""Mails that one sender tries between two looks for runaway sending."""
WAITS = (10, 60, 300, 900, 1800, 3600, 7200)
"""Seconds before the next try; the last is used from then on."""
LONGEST = datetime.timedelta(days=3)
"""How long a temporary refusal is tried again (RFC 5321 4.5.4.1: four to five days; three is when people ask)."""


Write = Callable[[], None]
"""Writes down what became of one mail, inside a transaction."""


def send_due() -> int:
    """Send what is due; returns how many were tried. Safe to run in any number of processes at once.

    A mail is claimed when the one before it is settled, never ahead: what a process that dies leaves unclear is one
    mail, and that one may really have been sent.
    """
    with every_organisation(), smtp.Courier() as courier:
        _take_over()
        tried = 0
        stop_runaways()
        row = _settle_and_claim(None)
        while row is not None:
            written = _try(row, courier)
            tried += 1
            if tried % BETWEEN_LOOKS == 0:
                _settle(written)
                stop_runaways()
                row = _settle_and_claim(None)
                continue
            row = _settle_and_claim(written)
        return tried


def _settle_and_claim(write: Write | None) -> OutboundEmail | None:
    """The outcome of the last mail and the claim of the next one, in one transaction. The outcome matters more."""
    try:
        with transaction.atomic(), gathered():
            if write is not None:
                write()
            row = _claim()
    except DatabaseError:
        if write is not None:
            _settle(write)
        raise
    if write is not None:
        reach("send:recorded")
    if row is not None:
        reach("send:claimed")
    return row


def _settle(write: Write) -> None:
    """Write down what the server said. A database that restarts is waited for."""
    deadline = time.monotonic() + RECORD_SECONDS
    while True:
        try:
            with transaction.atomic():
                return write()
        except DatabaseError as error:
            if time.monotonic() > deadline:
                raise
            log.warning("The outcome of a mail waits for the database: %s", error)
            connection.close()
            time.sleep(0.5)


_WHOLE = tuple(field.name for field in OutboundEmail._meta.concrete_fields)


def _claim() -> OutboundEmail | None:
    rows = (
        OutboundEmail.objects.due()
        .select_for_update(skip_locked=True, of=("self",))
        .select_related("raw", "case")
        .only(*_WHOLE, *(f"case__{name}" for name in ("number", "organisation")))
        .annotate(own_server=F("mailbox__smtp_host"))
    )
    row = next(iter(rows[:1]), None)
    if row is not None:
        row.state = OutboundState.SENDING
        row.lease_until = timezone.now() + LEASE
        row.lease_number += 1
        row.attempts += 1
        row.claimed_by = presence.number()
        row.handed_over_at = None
        row.save(update_fields=["state", "lease_until", "lease_number", "attempts", "claimed_by", "handed_over_at"])
    return row


def _try(row: OutboundEmail, courier: smtp.Courier) -> Write:
    """Talk to the server. No transaction is open; what it said is written by the function that comes back."""
    try:
        email = OutgoingEmail(
            raw=row.raw.content(),
            message_id=row.message_identifier,
            envelope_from=row.envelope_from,
            recipients=tuple(row.recipients),
            needs_smtputf8=row.needs_smtputf8,
        )
        receipt = courier.send(_server(row), email, before_last_dot=lambda: _hand_over(row))
    except _TakenOverError:
        log.warning("Outbox row %s was taken over before it was handed over", row.pk)
        return _nothing
    except Uncertain as error:
        return partial(_record, row, OutboundState.UNCERTAIN, _words(error))
    except Temporary as error:
        return partial(_again, row, _words(error))
    except Refused as error:
        return partial(_record, row, OutboundState.FAILED, _words(error))
    except Exception as error:  # whatever it is, the next mail must not wait for it
        log.warning("Outbox row %s could not be tried", row.pk, exc_info=not isinstance(error, DatabaseError))
        return partial(_again, row, f"{type(error).__name__}: {error}")
    reach("send:answered")
    return partial(_taken, row, receipt)


def _nothing() -> None:
    """There is nothing to write: the mail is somebody else's by now."""


def _server(row: OutboundEmail) -> smtp.OutgoingServer:
    """The server of the row's mailbox; its passwords stay closed where the system's server is used."""
    return smtp.outgoing_server(row.mailbox if getattr(row, "own_server", None) else None)


class _TakenOverError(Exception):
    """Somebody else has this mail by now: it must not be sent here."""


def _hand_over(row: OutboundEmail) -> None:
    """The last moment to stop. Committed, so that whoever finds the row later knows that the dot may have followed."""
    row.handed_over_at = timezone.now()
    held = OutboundEmail.objects.filter(pk=row.pk, lease_number=row.lease_number, state=OutboundState.SENDING)
    if not held.update(handed_over_at=row.handed_over_at):
        raise _TakenOverError
    reach("send:handing-over")


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
    held = OutboundEmail.objects.filter(
        pk=row.pk, lease_number=row.lease_number, state__in=[OutboundState.SENDING, OutboundState.UNCERTAIN]
    )
    ended = {"server_words": words[:4000], "lease_until": None, "claimed_by": None, **fields}
    if not held.update(state=state, **ended):
        log.warning("Outbox row %s was taken over before its outcome (%s) was written", row.pk, state)
        return
    if state == OutboundState.SENT and row.message_id is not None:
        Message.objects.filter(pk=row.message_id).update(sent_at=fields["sent_at"])
    _tell(row)


def _take_over() -> None:
    """What a sender has left behind: to be sent again when its last dot was not sent, else uncertain."""
    for row in OutboundEmail.objects.abandoned()[:100]:
        left = OutboundEmail.objects.filter(
            pk=row.pk, state=OutboundState.SENDING, lease_number=row.lease_number, claimed_by=row.claimed_by
        )
        with transaction.atomic():
            # A growing number stops the sender, should it live after all: it asks for it before the last dot.
            changed = left.filter(handed_over_at=None).update(
                state=OutboundState.QUEUED,
                lease_number=F("lease_number") + 1,
                lease_until=None,
                claimed_by=None,
                send_at=timezone.now(),
            ) or left.update(
                # The same number: its word, should it still come, is worth more than this.
                state=OutboundState.UNCERTAIN,
                lease_until=None,
                claimed_by=None,
                server_words="The process that was sending it ended before the server's answer was written down.",
            )
            if changed:
                ring("outbound")
                _tell(row)


def _tell(row: OutboundEmail) -> None:
    number = row.case.number if row.case is not None else None
    tell(row.organisation_id, "outbound", id=row.pk, number=number)
    if row.case is not None:
        tell(row.organisation_id, "case.changed", id=row.case.pk, number=number)


def _words(error: MailboxError) -> str:
    return error.server_words or str(error)
