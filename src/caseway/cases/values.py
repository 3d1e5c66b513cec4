"""Values of an organisation's own fields: what may be kept, and how it reads."""

from __future__ import annotations

import datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from caseway.cases.models.choices import FieldKind

if TYPE_CHECKING:
    from caseway.cases.models import CustomField

LONGEST_TEXT = 1_000


def custom_value(field: CustomField, value: Any) -> Any:
    """What is kept for what was typed: str, int, float, True, or None for nothing.

    A date is kept as YYYY-MM-DD, a checkbox that is not ticked as nothing. ValueError says what the field takes.
    """
    if field.kind == FieldKind.CHECKBOX:
        return True if str(value).lower() in {"true", "on", "1", "yes"} else None
    text = " ".join(str("" if value is None else value).replace("\0", "").split())
    if not text:
        return None
    if field.kind == FieldKind.NUMBER:
        return _number(field, text)
    if field.kind == FieldKind.DATE:
        try:
            return datetime.date.fromisoformat(text).isoformat()
        except ValueError:
            raise ValueError(
                _("%(field)s is a date. Write it as year-month-day, such as 2026-12-24.") % {"field": field.label}
            ) from None
    if field.kind == FieldKind.CHOICE and text not in field.choices:
        raise ValueError(
            _("%(field)s is one of: %(choices)s.") % {"field": field.label, "choices": ", ".join(field.choices)}
        )
    if len(text) > LONGEST_TEXT:
        raise ValueError(
            _("%(field)s holds at most %(count)s characters.") % {"field": field.label, "count": LONGEST_TEXT}
        )
    return text


def shown_value(value: Any) -> str:
    """As the history tells it."""
    if value is None or value is False:
        return ""
    return "✓" if value is True else str(value)


def _number(field: CustomField, text: str) -> int | float:
    try:
        number = Decimal(text.replace(",", "."))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number) >= Decimal(10) ** 15:
        raise ValueError(_("%(field)s is a number, such as 12 or 0.5.") % {"field": field.label})
    return int(number) if number == number.to_integral_value() else float(number)
