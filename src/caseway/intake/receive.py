"""The doors: keep the bytes, write the ledger, ring the bell. Nothing is read here that could fail."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib.postgres.fields import ArrayField
from django.db import transaction
from django.db.models import BigIntegerField, F, Func, Value
from django.db.models.functions import Greatest
from django.utils import timezone

from caseway.accounts.bell import ring, tell
from caseway.accounts.crash_points import reach
from caseway.accounts.models import Organisation
from caseway.accounts.scope import organisation_scope
from caseway.intake.models import Door, InboundEmail
from caseway.mailboxes.errors import LeaseLostError
from caseway.mailboxes.fetched import Fetched
from caseway.mailboxes.models import AfterProcessing, FolderCursor, Mailbox, RawEmail


def receive(mailbox: Mailbox, fetched: Sequence[Fetched]) -> int:
    """Keep messages of one mailbox: raw bytes, ledger rows, cursors and the bell in one transaction.

    A (folder, UIDVALIDITY, UID) that is in the ledger is passed over, so that a fetch may be repeated at will.
    Returns how many rows are new. Raises LeaseLostError, with nothing written, when another process holds the
    mailbox by now.
    """
    if not fetched:
        return 0
    with organisation_scope(mailbox.organisation_id):
        prepared = [RawEmail.prepare(mailbox.organisation_id, one.raw) for one in fetched]
        with transaction.atomic():
            _hold(mailbox)
            kept = RawEmail.keep_all(prepared)
            rows = [_row(mailbox, one, raw) for one, raw in zip(fetched, kept, strict=True)]
            before = _known(mailbox, fetched)
            new = [row for row in rows if (row.folder, row.uidvalidity, row.uid) not in before]
            InboundEmail.objects.bulk_create(new, ignore_conflicts=True)
            _move_cursors(mailbox, fetched)
            latest = max(one.received_at for one in fetched)
            Mailbox.objects.filter(pk=mailbox.pk).update(last_message_at=Greatest(F("last_message_at"), latest))
            if new:
                ring("intake")
                tell(mailbox.organisation_id, "inbound", id=mailbox.pk)
            reach("keep:uncommitted")
        reach("keep:committed")
    return len(new)


def receive_piped(organisation: Organisation, raw: bytes, recipient: str = "", door: str = Door.PIPE) -> InboundEmail:
    """Keep one message that a pipe or a server handed over. Once this returns it cannot be lost."""
    with organisation_scope(organisation.pk):
        prepared = RawEmail.prepare(organisation.pk, raw)
        with transaction.atomic():
            row = InboundEmail.objects.create(
                organisation=organisation, door=door, delivered_to=recipient[:320], raw=prepared.keep()
            )
            ring("intake")
            tell(organisation.pk, "inbound", id=row.pk)
    return row


def _hold(mailbox: Mailbox) -> None:
    """Lock the mailbox's row and make sure that this process is still the one that reads it."""
    held = (
        Mailbox.objects.select_for_update(no_key=True)
        .filter(pk=mailbox.pk, lease_number=mailbox.lease_number)
        .values_list("pk", flat=True)
    )
    if not list(held):
        raise LeaseLostError(f"{mailbox.address} is read by another process now.")


def _row(mailbox: Mailbox, one: Fetched, raw: RawEmail) -> InboundEmail:
    return InboundEmail(
        organisation_id=mailbox.organisation_id,
        door=Door.IMAP,
        mailbox=mailbox,
        folder=one.folder,
        uidvalidity=one.uidvalidity,
        uid=one.uid,
        raw=raw,
        is_history=one.is_history,
        size_on_server=one.size_on_server,
        received_at=min(one.received_at, timezone.now()),
    )


def _known(mailbox: Mailbox, fetched: Sequence[Fetched]) -> set[tuple[str, int | None, int | None]]:
    rows = InboundEmail.objects.filter(mailbox=mailbox, uid__in=[one.uid for one in fetched])
    return set(rows.values_list("folder", "uidvalidity", "uid"))


def _move_cursors(mailbox: Mailbox, fetched: Sequence[Fetched]) -> None:
    highest: dict[tuple[str, int], int] = {}
    for one in fetched:
        if not one.is_history:
            key = (one.folder, one.uidvalidity)
            highest[key] = max(highest.get(key, 0), one.uid)
    for (folder, uidvalidity), uid in highest.items():
        cursor = FolderCursor.objects.filter(mailbox=mailbox, folder=folder, uidvalidity=uidvalidity)
        cursor.filter(last_uid__lt=uid).update(last_uid=uid)
        if mailbox.after_processing != AfterProcessing.LEAVE:
            here = [one for one in fetched if (one.folder, one.uidvalidity) == (folder, uidvalidity)]
            whole = [one.uid for one in here if one.is_whole and not one.is_history]
            array = ArrayField(BigIntegerField())
            cursor.update(unsettled=Func(F("unsettled"), Value(whole, array), function="array_cat", output_field=array))
