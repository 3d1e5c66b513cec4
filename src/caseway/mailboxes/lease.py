"""Which process reads a mailbox: a lease in its row, told apart by a number that grows with each holder (fencing)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from caseway.accounts.scope import every_organisation
from caseway.accounts.secrets import SecretsError
from caseway.mailboxes.models import Mailbox

LEASE = dt.timedelta(seconds=8)
"""A holder that renewed nothing for so long is replaced. All times are the database's; should its clock be put back, a
lease that ends later than any could is none."""


def take(holder: str) -> list[Mailbox]:
    """Hold every active mailbox that nobody holds; returns them with their new lease numbers."""
    with every_organisation(), transaction.atomic():
        free = Mailbox.objects.filter(state="active", deleted_at=None).filter(
            Q(lease_until=None) | Q(lease_until__lt=Now()) | Q(lease_until__gt=Now() + 2 * LEASE)
        )
        taken = list(free.select_for_update(skip_locked=True, no_key=True).values_list("pk", flat=True))
        if not taken:
            return []
        Mailbox.objects.filter(pk__in=taken).update(
            lease_holder=holder, lease_until=Now() + LEASE, lease_number=F("lease_number") + 1
        )
    with every_organisation():
        return read(Mailbox.objects.filter(pk__in=taken))


def seconds_to_next_end(holder: str) -> float | None:
    """When the first lease of another process ends, should it not be renewed; None: there is none."""
    with every_organisation(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT extract(epoch FROM min(lease_until) - statement_timestamp()) FROM mailboxes_mailbox"
            " WHERE state = 'active' AND deleted_at IS NULL AND lease_holder <> %s",
            [holder],
        )
        [seconds] = cursor.fetchone()
    return None if seconds is None else float(seconds)


def read(mailboxes: QuerySet[Mailbox]) -> list[Mailbox]:
    """The rows; one whose password does not open with this installation's key is left out and shows why."""
    try:
        return list(mailboxes)
    except SecretsError:
        found = []
        for identifier in mailboxes.values_list("pk", flat=True):
            try:
                found.append(mailboxes.get(pk=identifier))
            except SecretsError as error:
                rows = Mailbox.objects.filter(pk=identifier).exclude(error_cause=str(error))
                rows.update(error_cause=str(error), error_fix="", error_line="", error_at=Now(), watched_by="")
        return found


def renew(holder: str, held: Mapping[int, int]) -> set[int]:
    """Prolong the leases `held` (mailbox → lease number); returns those that are still this holder's."""
    if not held:
        return set()
    with every_organisation(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE mailboxes_mailbox SET lease_until = statement_timestamp() + make_interval(secs => %s)"
            " WHERE id = ANY(%s) AND lease_holder = %s RETURNING id, lease_number",
            [LEASE.total_seconds(), list(held), holder],
        )
        return {identifier for identifier, number in cursor.fetchall() if held[identifier] == number}


def release(holder: str, held: Mapping[int, int]) -> None:
    """Let go, so that another process may take over at once."""
    with every_organisation():
        for identifier, number in held.items():
            Mailbox.objects.filter(pk=identifier, lease_number=number, lease_holder=holder).update(
                lease_until=None, lease_holder="", watched_by=""
            )


def is_held(mailbox: Mailbox) -> bool:
    """Whether the mailbox is still this holder's. Within a transaction that writes, ask with the row locked."""
    rows = Mailbox.objects.filter(pk=mailbox.pk, lease_number=mailbox.lease_number)
    return bool(rows.select_for_update(no_key=True).values_list("pk", flat=True))
