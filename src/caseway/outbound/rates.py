"""How many acknowledgements may leave in an hour: the brake against loops, storms and forged senders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection
from django.utils import timezone

from caseway.mail.model import Address
from caseway.outbound.models import PauseKind
from caseway.outbound.pauses import pause_acknowledgements, paused

PER_ADDRESS = 10
"""To one address: a person with ten matters in an hour is rare, a machine that answers us is not."""
PER_DOMAIN_OF_STRANGERS = 10
"""To addresses of one domain that wrote for the first time: a sender whose address changes by a byte each time."""
STRANGERS_PER_MAILBOX = 100
"""To first-time addresses through one mailbox: forged senders, whose owners our answers would annoy."""


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
    brakes = [Brake(to.key, PER_ADDRESS, f"{PER_ADDRESS} acknowledgements to {to.email} within the hour")]
    if is_stranger:
        brakes += [
            Brake(
                f"@{to.domain}",
                PER_DOMAIN_OF_STRANGERS,
                f"{PER_DOMAIN_OF_STRANGERS} first-time senders of {to.domain} within the hour",
            ),
            Brake(
                f"mailbox:{mailbox_id or 0}",
                STRANGERS_PER_MAILBOX,
                f"{STRANGERS_PER_MAILBOX} first-time senders through this mailbox within the hour",
            ),
        ]
    keys = [brake.key for brake in brakes]
    if reason := paused(organisation_id, PauseKind.ACKNOWLEDGEMENTS, keys):
        return f"paused: {reason}"
    counts = _count(organisation_id, keys)
    tripped = next((brake for brake in brakes if counts[brake.key] > brake.limit), None)
    if tripped is None:
        return ""
    pause_acknowledgements(organisation_id, tripped.key, tripped.reason)
    return tripped.reason


def _count(organisation_id: int, keys: Sequence[str]) -> dict[str, int]:
    """Each key's count of this hour, itself included."""
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO outbound_acknowledgementcount (organisation_id, key, hour, count) "
            "SELECT %s, key, %s, 1 FROM unnest(%s::text[]) AS key ORDER BY key "
            "ON CONFLICT (organisation_id, key, hour) "
            "DO UPDATE SET count = outbound_acknowledgementcount.count + 1 RETURNING key, count",
            [organisation_id, hour, list(keys)],
        )
        return dict(cursor.fetchall())
