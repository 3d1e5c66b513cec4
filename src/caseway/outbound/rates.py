"""How many acknowledgements may leave in an hour: the brake against loops, storms and forged senders.

CASEWAY_ACKNOWLEDGEMENTS_PER_HOUR says how many. To one address: a person with ten matters in an hour is rare, a machine
that answers us is not. To first-time senders of one domain, unless it is a free mail provider's: a sender whose address
changes by a byte each time. To first-time senders through one mailbox: forged senders, whose owners our answers would
annoy.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import connection
from django.utils import timezone

from caseway.accounts.together import held
from caseway.contacts.free_mail import FREE_MAIL
from caseway.mail.model import Address
from caseway.outbound.models import AcknowledgementCount, Pause, PauseKind
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
        # of gmail.com and its like many strangers write in an hour, each for themselves
        if to.domain not in FREE_MAIL:
            per = f"{per_domain} first-time senders of {to.domain} within the hour"
            brakes.append(Brake(f"@{to.domain}", per_domain, per))
        brakes += [
            Brake(
                f"mailbox:{mailbox_id or 0}",
                per_mailbox,
                f"{per_mailbox} first-time senders through this mailbox within the hour",
            ),
        ]
    keys = [brake.key for brake in brakes]
    gathered = held(_Tally, organisation_id)
    tally = gathered or _Tally(organisation_id)
    counts, reason = tally.count(keys)
    if gathered is None:
        tally.write()
    if reason:
        return f"paused: {reason}"
    tripped = next((brake for brake in brakes if counts[brake.key] > brake.limit), None)
    if tripped is None:
        return ""
    pause_acknowledgements(organisation_id, tripped.key, tripped.reason)
    tally.paused[tripped.key] = tripped.reason
    return tripped.reason


def expect(organisation_id: int, senders: Iterable[Address], mailbox_ids: Iterable[int | None]) -> None:
    """Read at once what the mails of one gathering will ask for one by one. Outside of one it does nothing."""
    if (tally := held(_Tally, organisation_id)) is not None:
        keys = {key for sender in senders for key in (sender.key, f"@{sender.domain}")}
        tally.read(keys | {f"mailbox:{mailbox_id or 0}" for mailbox_id in mailbox_ids})


class _Tally:
    """Counts of this hour and pauses by key, and what was counted on top of them. Right under the organisation's lock:
    only the delivery of its mail counts."""

    def __init__(self, organisation_id: int) -> None:
        self._organisation_id = organisation_id
        self._hour = timezone.now().replace(minute=0, second=0, microsecond=0)
        self._counts: dict[str, int] = {}
        self._more: Counter[str] = Counter()
        self.paused: dict[str, str] = {}

    def count(self, keys: Sequence[str]) -> tuple[dict[str, int], str]:
        """Each key's count of this hour, itself included, and why one of the keys is paused."""
        self.read(set(keys))
        for key in keys:
            self._counts[key] += 1
            self._more[key] += 1
        return {key: self._counts[key] for key in keys}, next(
            (self.paused[key] for key in keys if key in self.paused), ""
        )

    def read(self, keys: set[str]) -> None:
        """Those that are not known yet."""
        missing = sorted(keys - set(self._counts))
        if not missing:
            return
        pauses = Pause.objects.active().filter(organisation_id=self._organisation_id, key__in=missing)
        reasons = pauses.filter(kind=PauseKind.ACKNOWLEDGEMENTS).order_by().values_list("key", "reason")
        self.paused.update(reasons)
        counts = AcknowledgementCount.objects.filter(organisation_id=self._organisation_id, hour=self._hour)
        self._counts |= dict.fromkeys(missing, 0)
        self._counts.update(counts.filter(key__in=missing).values_list("key", "count"))

    def write(self) -> None:
        more, self._more = sorted(self._more.items()), Counter()
        if not more:
            return
        keys, counts = zip(*more, strict=True)
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO outbound_acknowledgementcount (organisation_id, key, hour, count) "
                "SELECT %s, key, %s, more FROM unnest(%s::text[], %s::int[]) AS counted(key, more) "
                "ON CONFLICT (organisation_id, key, hour) "
                "DO UPDATE SET count = outbound_acknowledgementcount.count + excluded.count",
                [self._organisation_id, self._hour, list(keys), list(counts)],
            )
