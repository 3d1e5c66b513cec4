"""Two contacts that are one person: addresses, cases and messages move, and can move back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from caseway.accounts.models import Employee
from caseway.accounts.turns import take_delivery_turn
from caseway.cases.models import Case, Event, EventKind, Message
from caseway.cases.models.verbs.changing import check_may_write
from caseway.contacts.errors import ContactError
from caseway.contacts.models import Contact, ContactAddress, Merge

FIELDS = ("name", "job_title", "phone", "customer_id", "notes", "is_blocked", "last_message_at")
"""What of the two may differ, and is put back by undoing."""
MOST_TOLD = 50


def merge_contacts(kept: Contact, gone: Contact, *, by: Employee, values: Mapping[str, Any] | None = None) -> Merge:
    """Move all that `gone` has to `kept`, which gets the `values` that a person chose; `gone` leads to `kept` then.

    Raises ContactError when one of the two was merged already, or they are one.
    """
    check_may_write(by)
    with transaction.atomic():
        take_delivery_turn(kept.organisation_id)  # mail that is being delivered still names the one that goes
        kept, gone = _locked(kept, gone)
        data: dict[str, Any] = {"before": _values(kept), "gone": _values(gone)}
        data["addresses"] = _move_addresses(kept, gone)
        cases = list(Case.objects.filter(contact=gone).values_list("pk", "customer_id", "number"))
        data["cases"] = [[pk, customer] for pk, customer, _number in cases]
        messages = Message.objects.filter(contact=gone)
        data["messages"] = list(messages.values_list("pk", flat=True))
        messages.update(contact=kept)
        data["merged"] = list(gone.merged.values_list("pk", flat=True))
        gone.merged.update(merged_into=kept)
        _take_over(kept, gone, values or {})
        data["after"] = _values(kept)
        _move_cases([pk for pk, _customer, _number in cases], gone, kept, by)
        of_gone = Q(customer_id=gone.customer_id) if gone.customer_id else Q(customer=None)
        Case.objects.filter(of_gone, pk__in=[pk for pk, _c, _n in cases]).update(customer_id=kept.customer_id)
        Contact.objects.filter(pk=gone.pk).update(merged_into=kept, modified_at=timezone.now())
        merge = Merge.objects.create(
            organisation_id=kept.organisation_id, contact=kept, gone_contact=gone, data=data, created_by=by
        )
        kept.tell_changed()
        gone.tell_changed()
    return merge


def undo_contact_merge(merge: Merge, *, by: Employee) -> Contact:
    """Give the contact that went its own things back; what came to the one that stayed since stays there.

    Raises ContactError when it was undone already, or the one that stayed has gone into another since.
    """
    check_may_write(by)
    with transaction.atomic():
        take_delivery_turn(merge.organisation_id)
        merge = Merge.still_there(merge.pk)
        kept, gone = merge.contact, merge.gone_contact
        assert kept is not None, "it is a merge of two contacts"
        assert gone is not None, "it is a merge of two contacts"
        data = merge.data
        Contact.objects.filter(pk=gone.pk).update(merged_into=None, modified_at=timezone.now())
        gone.merged_into = None
        ContactAddress.objects.filter(pk__in=data["addresses"], contact=kept).update(contact=gone)
        Message.objects.filter(pk__in=data["messages"], contact=kept).update(contact=gone)
        Contact.objects.filter(pk__in=data["merged"], merged_into=kept).update(merged_into=gone)
        _move_cases([pk for pk, _customer in data["cases"]], kept, gone, by)
        for pk, customer in data["cases"]:
            Case.objects.filter(pk=pk, contact=gone, customer_id=data["after"]["customer_id"]).update(
                customer_id=customer
            )
        _put_back(kept, data["before"], data["after"])
        merge.undone_at = timezone.now()
        merge.save(update_fields=["undone_at"])
        kept.tell_changed()
        gone.tell_changed()
    return gone


def _locked(kept: Contact, gone: Contact) -> tuple[Contact, Contact]:
    rows = Contact.objects.filter(organisation_id=kept.organisation_id, pk__in=[kept.pk, gone.pk])
    found = {row.pk: row for row in rows.select_for_update().order_by("pk")}
    if len(found) < 2 or any(row.merged_into_id for row in found.values()):
        raise ContactError(_("One of the two is merged already. Look at the contact again."))
    return found[kept.pk], found[gone.pk]


def _move_addresses(kept: Contact, gone: Contact) -> list[int]:
    """Ids of the addresses that moved. Of two rows of one address the one stays that mail reaches."""
    has = {row.key: row for row in kept.addresses.all()}
    last = max((row.position for row in has.values()), default=0)
    moved = []
    for offset, row in enumerate(gone.sorted_addresses, start=1):
        if double := has.get(row.key):
            if double.receives_mail or not row.receives_mail:
                continue
            double.delete()
        row.contact, row.position = kept, last + offset
        row.save(update_fields=["contact", "position"])
        moved.append(row.pk)
    return moved


def _take_over(kept: Contact, gone: Contact, values: Mapping[str, Any]) -> None:
    """The values chosen; else what is empty is filled, and notes of both are kept."""
    for name in ("job_title", "phone", "customer_id"):
        setattr(kept, name, getattr(kept, name) or getattr(gone, name))
    if gone.notes and gone.notes not in kept.notes:
        kept.notes = "\n\n".join(part for part in (kept.notes, gone.notes) if part)
    times = [time for time in (kept.last_message_at, gone.last_message_at) if time]
    kept.last_message_at = max(times, default=None)
    for name, value in values.items():
        setattr(kept, name, value)
    kept.modified_at = timezone.now()
    kept.save(update_fields=[*FIELDS, "modified_at"])


def _put_back(kept: Contact, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """What the merge changed, unless somebody changed it since."""
    now = _values(kept)
    for name in ("name", "job_title", "phone", "customer_id", "notes"):
        if now[name] == after[name]:
            setattr(kept, name, before[name])
    kept.modified_at = timezone.now()
    kept.save(update_fields=["name", "job_title", "phone", "customer", "notes", "modified_at"])


def _move_cases(ids: list[int], before: Contact, after: Contact, by: Employee) -> None:
    """The cases of that list that are `before`'s become `after`'s, each with a line in its history."""
    moved = list(Case.objects.filter(pk__in=ids, contact=before).select_for_update().order_by("pk"))
    Case.objects.filter(pk__in=[case.pk for case in moved]).update(contact=after, version=F("version") + 1)
    data = {"before": before.name, "after": after.name}
    Event.objects.bulk_create(
        Event(organisation_id=case.organisation_id, case=case, kind=EventKind.CONTACT, data=data, employee=by)
        for case in moved
    )
    for case in moved[:MOST_TOLD]:
        case.tell_changed()


def _values(contact: Contact) -> dict[str, Any]:
    values = {name: getattr(contact, name) for name in FIELDS}
    values["last_message_at"] = contact.last_message_at.isoformat() if contact.last_message_at else None
    return values
