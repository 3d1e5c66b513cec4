"""Fields of the organisation's own. Their kind and key never change: cases, exports and the API hold values by them."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.text import slugify
from django.utils.translation import gettext as _

from caseway.accounts.models import Employee, Organisation
from caseway.cases.models import CustomField, FieldKind
from caseway.cases.setup.rights import (
    SetupError,
    clean_name,
    move,
    next_position,
    require_administrator,
    require_free,
    retire,
)

LONGEST = 100
LONGEST_HELP = 200
MOST_CHOICES = 200
MOST_FIELDS = 50


def fields_of(organisation: Organisation | int, *, with_retired: bool = False) -> list[CustomField]:
    """In their order; retired ones, when asked for, at the end."""
    number = organisation if isinstance(organisation, int) else organisation.pk
    rows = CustomField.objects.filter(organisation_id=number)
    return list((rows if with_retired else rows.filter(is_active=True)).order_by("-is_active", "position", "id"))


def add_field(
    organisation: Organisation,
    label: str,
    kind: str,
    *,
    choices: Iterable[str] = (),
    help: str = "",
    by: Employee,
) -> CustomField:
    """At the end. Its key is made of the label and stays when the label changes."""
    require_administrator(by)
    if kind not in FieldKind.values:
        raise SetupError(_("This kind of field does not exist. Choose one of the list."))
    rows = CustomField.objects.filter(organisation=organisation)
    label = clean_name(label, LONGEST)
    require_free(rows, label, field="label")
    if rows.count() >= MOST_FIELDS:
        raise SetupError(_("There are %(count)s fields already. Use fewer of them.") % {"count": MOST_FIELDS})
    return CustomField.objects.create(
        organisation=organisation,
        key=_free_key(label, set(rows.values_list("key", flat=True))),
        label=label,
        kind=kind,
        choices=_choices(kind, choices),
        help=_help(help),
        position=next_position(rows),
    )


def change_field(row: CustomField, *, label: str, choices: Iterable[str] = (), help: str = "", by: Employee) -> None:
    """A choice that is left out stays on the cases that have it."""
    require_administrator(by)
    label = clean_name(label, LONGEST)
    others = CustomField.objects.filter(organisation_id=row.organisation_id).exclude(pk=row.pk)
    require_free(others, label, field="label")
    row.label, row.choices, row.help = label, _choices(row.kind, choices), _help(help)
    row.save(update_fields=["label", "choices", "help"])


def move_field(row: CustomField, step: int, *, by: Employee) -> None:
    """One place up (-1) or down (1)."""
    move(row, step, by)


def retire_field(row: CustomField, *, by: Employee, is_active: bool = False) -> None:
    """Asked for no more, or with `is_active` asked for again, at the end. Values stay on the cases."""
    retire(row, by, is_active=is_active)


def _free_key(label: str, taken: set[str]) -> str:
    """'Order number' becomes order_number; what has no Latin letters becomes field, field_2, …"""
    base = slugify(label).replace("-", "_")[:50].strip("_") or "field"
    key, number = base, 2
    while key in taken:
        key, number = f"{base}_{number}", number + 1
    return key


def _choices(kind: str, choices: Iterable[str]) -> list[str]:
    if kind != FieldKind.CHOICE:
        return []
    found = list(dict.fromkeys(" ".join(choice.replace("\0", " ").split()) for choice in choices if choice.strip()))
    if not found:
        raise SetupError(_("Write at least one choice, one a line."))
    if len(found) > MOST_CHOICES:
        raise SetupError(_("More than %(count)s choices. Use fewer.") % {"count": MOST_CHOICES})
    if any(len(choice) > LONGEST for choice in found):
        raise SetupError(_("A choice is longer than %(count)s characters. Shorten it.") % {"count": LONGEST})
    return found


def _help(text: str) -> str:
    line = " ".join(text.replace("\0", " ").split())
    if len(line) > LONGEST_HELP:
        raise SetupError(_("The hint is longer than %(count)s characters. Shorten it.") % {"count": LONGEST_HELP})
    return line
