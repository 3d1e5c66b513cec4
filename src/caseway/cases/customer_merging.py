"""Two companies that are one: contacts and cases move, mail from both domains belongs to the one that stays."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from caseway.accounts.models import Employee
from caseway.accounts.turns import take_delivery_turn
from caseway.cases.models import Case
from caseway.cases.models.verbs.changing import check_may_write
from caseway.contacts.errors import ContactError
from caseway.contacts.models import Contact, Customer, Merge


def merge_customers(kept: Customer, gone: Customer, *, by: Employee) -> Merge:
    """Move the contacts and cases of `gone` to `kept`. The domain of `gone` leads to `kept`, or becomes its own.

    Raises ContactError when one of the two was merged already, or they are one.
    """
    check_may_write(by)
    with transaction.atomic():
        take_delivery_turn(kept.organisation_id)
        rows = Customer.objects.filter(organisation_id=kept.organisation_id, pk__in=[kept.pk, gone.pk])
        found = {row.pk: row for row in rows.select_for_update().order_by("pk")}
        if len(found) < 2 or any(row.merged_into_id for row in found.values()):
            raise ContactError(_("One of the two companies is merged already. Look at it again."))
        kept, gone = found[kept.pk], found[gone.pk]
        data: dict[str, Any] = {"domain": gone.domain, "notes": kept.notes, "takes_domain": not kept.domain}
        data["contacts"] = _move(Contact.objects.filter(customer=gone), kept)
        data["cases"] = _move(Case.objects.filter(customer=gone), kept)
        data["merged"] = list(gone.merged.values_list("pk", flat=True))
        gone.merged.update(merged_into=kept)
        gone.merged_into = kept
        if not kept.domain:
            kept.domain, gone.domain = gone.domain, ""
        gone.save(update_fields=["merged_into", "domain"])
        if gone.notes and gone.notes not in kept.notes:
            kept.notes = "\n\n".join(part for part in (kept.notes, gone.notes) if part)
        data["notes_after"] = kept.notes
        kept.save(update_fields=["domain", "notes"])
        return Merge.objects.create(
            organisation_id=kept.organisation_id, customer=kept, gone_customer=gone, data=data, created_by=by
        )


def undo_customer_merge(merge: Merge, *, by: Employee) -> Customer:
    """Give the company that went its contacts, cases and domain back. Raises ContactError when that is past."""
    check_may_write(by)
    with transaction.atomic():
        take_delivery_turn(merge.organisation_id)
        merge = Merge.still_there(merge.pk)
        kept, gone = merge.customer, merge.gone_customer
        assert kept is not None, "it is a merge of two companies"
        assert gone is not None, "it is a merge of two companies"
        data = merge.data
        if data["takes_domain"] and kept.domain == data["domain"]:
            kept.domain = ""
        if kept.notes == data["notes_after"]:
            kept.notes = data["notes"]
        kept.save(update_fields=["domain", "notes"])
        is_free = not Customer.objects.filter(organisation_id=merge.organisation_id, domain=data["domain"]).exclude(
            pk=gone.pk
        )
        gone.domain, gone.merged_into = (data["domain"] if is_free else ""), None
        gone.save(update_fields=["domain", "merged_into"])
        Contact.objects.filter(pk__in=data["contacts"], customer=kept).update(customer=gone)
        Case.objects.filter(pk__in=data["cases"], customer=kept).update(customer=gone)
        Customer.objects.filter(pk__in=data["merged"], merged_into=kept).update(merged_into=gone)
        merge.undone_at = timezone.now()
        merge.save(update_fields=["undone_at"])
    return gone


def _move(rows: Any, kept: Customer) -> list[int]:
    ids = list(rows.values_list("pk", flat=True))
    rows.filter(pk__in=ids).update(customer=kept)
    return ids
