"""How many acknowledgements may leave in an hour: the brake against loops, storms and forged senders.

CASEWAY_ACKNOWLEDGEMENTS_PER_HOUR says how many. To one address: a person with ten matters in an hour is rare, a machine
that answers us is not. To first-time senders of one domain: a sender whose address changes by a byte each time. To
first-time senders through one mailbox: forged senders, whose owners our answers would annoy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import connection
from django.utils import timezone

from caseway.mail.model import Address
from caseway.outbound.models import PauseKind
from caseway.outbound.pauses import pause_acknowledgements


@dataclass(frozen=True, slots=True)
class Brake:
    """One limit: what is counted under which key, up to how many an hour."""

    key: str
    limit: int
    reason: str


def trip(organisation_id: int, to: Address, mailbox_id: int | None, *, is_stranger: bool) -> str:
    """Count one acknowledgement; '' when it may leave, else why not. Inside the caller's transaction.

    The first that is too many pauses all for its key: until then every hour would let some through again.
    """
    limits = settings.CASEWAY_ACKNOWLEDGEMENTS_PER_HOUR
    per_address, per_domain, per_mailbox = limits["address"], limits["domain"], limits["mailbox"]
    brakes = [Brake(to.key, per_address, f"{per_address} acknowledgements to {to.email} within the hour")]
    if is_stranger:
        brakes += [
            Brake(f"@{to.domain}", per_domain, f"{per_domain} first-time senders of {to.domain} within the hour"),
            Brake(
                f"mailbox:{mailbox_id or 0}",
                per_mailbox,
                f"{per_mailbox} first-time senders through this mailbox within the hour",
            ),
        ]
    keys = [brake.key for brake in brakes]
    counts, reason = _count(organisation_id, keys)
    if reason:
        return f"paused: {reason}"
    tripped = next((brake for brake in brakes if counts[brake.key] > brake.limit), None)
    if tripped is None:
        return ""
    pause_acknowledgements(organisation_id, tripped.key, tripped.reason)
    return tripped.reason


def _count(organisation_id: int, keys: Sequence[str]) -> tuple[dict[str, int], str]:
    """Each key's count of this hour, itself included, and why one of the keys is paused."""
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH counted AS ("
            "INSERT INTO outbound_acknowledgementcount (organisation_id, key, hour, count) "
            "SELECT %s, key, %s, 1 FROM unnest(%s::text[]) AS key ORDER BY key "
            "ON CONFLICT (organisation_id, key, hour) "
            "DO UPDATE SET count = outbound_acknowledgementcount.count + 1 RETURNING key, count) "
            "SELECT key, count, (SELECT reason FROM outbound_pause WHERE outbound_pause.key = counted.key "
            "AND organisation_id = %s AND kind = %s AND ended_at IS NULL AND (until IS NULL OR until > %s) LIMIT 1) "
            "FROM counted",
            [organisation_id, hour, list(keys), organisation_id, PauseKind.ACKNOWLEDGEMENTS.value, timezone.now()],
        )
        rows = cursor.fetchall()
    return {key: count for key, count, _ in rows}, next((reason for *_, reason in rows if reason), "")
