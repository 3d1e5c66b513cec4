"""Writing down what became of a mail that was tried."""

from __future__ import annotations

import datetime

from django.db import connection, transaction
from django.db.models.expressions import Combinable
from django.db.models.functions import Now

from caseway.accounts.bell import LIVE, news, tell
from caseway.cases.models import EventKind, Follower, NotificationKind
from caseway.cases.notices import notify, tell_followers
from caseway.mailboxes import smtp
from caseway.outbound.models import OutboundEmail, OutboundKind, OutboundState

WAITS = (10, 60, 300, 900, 1800, 3600, 7200)
"""Seconds before the next try; the last is used from then on."""
LONGEST = datetime.timedelta(days=3)
"""How long a temporary refusal is tried again (RFC 5321 4.5.4.1: four to five days; three is when people ask)."""


def taken(row: OutboundEmail, receipt: smtp.Receipt) -> bool:
    """The server took it, perhaps not for everybody: those it put off are tried again alone, the others are told of.

    False, as from all here, when the claim was taken over meanwhile.
    """
    if not receipt.refused:
        return _sent(row, receipt.words)
    later = [one.address for one in receipt.refused if one.is_temporary]
    for_good = [one for one in receipt.refused if not one.is_temporary]
    words = "; ".join([receipt.words, *(f"refused for {one.address}: {one.words}" for one in receipt.refused)])
    if row.case is not None:
        for one in for_good:
            data = {"recipient": one.address, "status": "", "diagnostic": one.words, "permanent": True}
            row.case.record(EventKind.BOUNCED, data, message=row.message)
        if for_good:
            _tell_writer(row)
    if later:
        OutboundEmail.objects.filter(pk=row.pk, lease_number=row.lease_number).update(recipients=later)
        return again(row, words)
    return _sent(row, words)


def again(row: OutboundEmail, words: str) -> bool:
    """It could not be sent now: after a pause that grows, and not for ever."""
    if row.attempts > len(WAITS) and OutboundEmail.objects.filter(pk=row.pk, created_at__lt=Now() - LONGEST).exists():
        return ended(row, OutboundState.FAILED, f"Tried for {LONGEST.days} days. {words}")
    wait = WAITS[min(row.attempts, len(WAITS)) - 1]
    return ended(row, OutboundState.QUEUED, words, send_at=Now() + datetime.timedelta(seconds=wait))


def ended(row: OutboundEmail, state: OutboundState, words: str, **fields: Combinable) -> bool:
    """Any outcome but success."""
    held = OutboundEmail.objects.filter(
        pk=row.pk, lease_number=row.lease_number, state__in=[OutboundState.SENDING, OutboundState.UNCERTAIN]
    )
    changed = held.update(state=state, server_words=words[:4000], lease_until=None, claimed_by=None, **fields)
    if changed:
        tell_of(row)
        if state == OutboundState.FAILED:
            _tell_writer(row)
    return bool(changed)


def _sent(row: OutboundEmail, words: str) -> bool:
    """Success. What a person wrote is told to the followers only now: until it leaves it can be taken back."""
    if row.kind != OutboundKind.REPLY:
        return _written_as_sent(row, words)
    with transaction.atomic():
        is_written = _written_as_sent(row, words)
        if is_written:
            tell_followers_of(row)
        return is_written


def tell_followers_of(row: OutboundEmail) -> None:
    """An answer, a forward or a first mail has left. Inside the transaction that says so."""
    if row.case is None or not Follower.objects.filter(case=row.case_id).exclude(employee=row.created_by_id).exists():
        return
    tell_followers(row.case, actor=row.created_by, message=row.message)


def _written_as_sent(row: OutboundEmail, words: str) -> bool:
    """In one statement: it happens once for every mail that leaves."""
    notes = [news(row.organisation_id, event, **ids) for event, ids in _news_of(row)]
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH sent AS (UPDATE outbound_outboundemail SET state = 'sent', server_words = %s, sent_at = now(), "
            "lease_until = NULL, claimed_by = NULL WHERE id = %s AND lease_number = %s "
            "AND state IN ('sending', 'uncertain') RETURNING message_id), "
            "entry AS (UPDATE cases_message SET sent_at = now() FROM sent WHERE id = sent.message_id) "
            "SELECT pg_notify(%s, note) FROM sent, unnest(%s::text[]) AS note",
            [words.replace("\0", "")[:4000], row.pk, row.lease_number, LIVE, notes],
        )
        return bool(cursor.fetchall())


def _tell_writer(row: OutboundEmail) -> None:
    """Whoever wrote it learns that it did not arrive."""
    if row.case is not None:
        notify(NotificationKind.FAILED, row.case, [row.created_by])


def tell_of(row: OutboundEmail) -> None:
    """Tell open pages that something became of the mail."""
    for event, ids in _news_of(row):
        tell(row.organisation_id, event, **ids)


def _news_of(row: OutboundEmail) -> list[tuple[str, dict[str, int | None]]]:
    """What pages may show of it: the mail itself, and its case."""
    if row.case is None:
        return [("outbound", {"id": row.pk, "number": None})]
    number = row.case.number
    return [("outbound", {"id": row.pk, "number": number}), ("case.changed", {"id": row.case.pk, "number": number})]
