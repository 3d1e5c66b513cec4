"""Taking an import back: whom it made goes, unless they were used since; what it changed is put back."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from caseway.accounts.bell import tell
from caseway.accounts.turns import take_delivery_turn
from caseway.contacts.models import Contact, ContactAddress, ContactImport, ImportedContact, ImportState

SLICE = 250


def undo(job: ContactImport) -> None:
    """From the last row to the first, slice by slice. What is undone is forgotten, so it can go on after a crash."""
    if not job.position:
        job.total, job.kept = job.rows.count(), 0
    while part := list(job.rows.select_related("contact").order_by("-pk")[:SLICE]):
        with transaction.atomic():
            take_delivery_turn(job.organisation_id)
            made = [row.contact_id for row in part if row.is_made]
            for row in part:
                if not row.is_made:
                    _put_back(row)
            unused = _unused(made)
            job.kept += len(made) - len(unused)
            ImportedContact.objects.filter(pk__in=[row.pk for row in part]).delete()
            Contact.objects.filter(pk__in=unused).delete()
            job.position += len(part)
            job.claimed_at = timezone.now()
            job.save(update_fields=["total", "kept", "position", "claimed_at"])
            tell(job.organisation_id, "contacts.import", id=job.pk)
    with transaction.atomic():
        job.state, job.claimed_at = ImportState.UNDONE, None
        job.save(update_fields=["state", "claimed_at"])
        tell(job.organisation_id, "contacts.import", id=job.pk)


def _unused(made: list[int]) -> list[int]:
    """Those that nobody wrote to, heard from, changed or merged since."""
    rows = Contact.objects.filter(pk__in=made, merged_into=None, modified_at=F("created_at"), last_message_at=None)
    rows = rows.filter(cases=None, messages=None, merged=None, merges=None)
    return list(rows.values_list("pk", flat=True))


def _put_back(row: ImportedContact) -> None:
    contact, data = row.contact, row.data
    contact.refresh_from_db()
    fields = [name for name, value in data["after"].items() if getattr(contact, name) == value]
    for name in fields:
        setattr(contact, name, data["before"][name])
    if fields:
        contact.save(update_fields=[name.removesuffix("_id") for name in fields])
    ContactAddress.objects.filter(contact=contact, key__in=data["addresses"]).delete()
