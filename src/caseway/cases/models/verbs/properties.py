"""What a case is about: priority, type, tags, need-by date, contact, and the organisation's own fields."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

from django.db.models.functions import Lower

from caseway.cases.models.choices import EventKind, Priority
from caseway.cases.models.verbs.changing import Changing
from caseway.cases.values import custom_value, shown_value

if TYPE_CHECKING:
    from caseway.accounts.models import Employee
    from caseway.cases.models import Case, CustomField, Event
    from caseway.contacts.models import Contact

MOST_TAGS = 50
TAG_LENGTH = 60


class Properties(Changing):
    def set_priority(self, priority: str, *, by: Employee | None, expected_version: int = 0) -> Event | None:
        case = cast("Case", self)
        after = Priority(priority).value
        if case.priority == after:
            return None
        data = {"before": case.priority, "after": after}
        return self._change(EventKind.PRIORITY, data, by, expected_version, priority=after)

    def set_type(self, type: str, *, by: Employee | None, expected_version: int = 0) -> Event | None:
        case = cast("Case", self)
        after = " ".join(type.replace("\0", "").split())[:60]
        if case.type == after:
            return None
        data = {"before": case.type, "after": after}
        return self._change(EventKind.TYPE, data, by, expected_version, type=after)

    def set_tags(self, tags: Iterable[str], *, by: Employee | None, expected_version: int = 0) -> Event | None:
        """Exactly these; white space trimmed, doubles dropped. A new one is offered from now on, as it was typed."""
        case = cast("Case", self)
        cleaned = (" ".join(tag.replace("\0", "").replace(",", " ").split())[:TAG_LENGTH] for tag in tags)
        after = _as_offered(case, list(dict.fromkeys(filter(None, cleaned)))[:MOST_TAGS])
        if case.tags == after:
            return None
        data = {"before": case.tags, "after": after}
        return self._change(EventKind.TAGS, data, by, expected_version, tags=after)

    def set_need_by(self, day: datetime.date | None, *, by: Employee | None, expected_version: int = 0) -> Event | None:
        case = cast("Case", self)
        if case.need_by == day:
            return None
        data = {"before": str(case.need_by or ""), "after": str(day or "")}
        return self._change(EventKind.NEED_BY, data, by, expected_version, need_by=day)

    def set_custom(
        self, field: CustomField, value: Any, *, by: Employee | None, expected_version: int = 0
    ) -> Event | None:
        """A value of a field of the organisation's own; '' or None takes it away. ValueError says what it must be."""
        case = cast("Case", self)
        before, after = case.custom.get(field.key), custom_value(field, value)
        if before == after:
            return None
        custom = {key: kept for key, kept in case.custom.items() if key != field.key}
        if after is not None:
            custom[field.key] = after
        data = {
            "field": field.label,
            "key": field.key,
            "kind": field.kind,
            "before": shown_value(before),
            "after": shown_value(after),
            "values": [before, after],
        }
        return self._change(EventKind.FIELD, data, by, expected_version, custom=custom)

    def set_contact(self, contact: Contact | None, *, by: Employee | None, expected_version: int = 0) -> Event | None:
        """Whose matter it is. The contact's customer and first address become the case's."""
        case = cast("Case", self)
        if case.contact_id == (contact.pk if contact else None):
            return None
        data = {
            "before": case.contact.name if case.contact else "",
            "after": contact.name if contact else "",
            "ids": [case.contact_id, contact.pk if contact else None],
            "email": case.email,
        }
        email = contact.email if contact else ""
        fields = {"contact": contact, "customer": contact.customer if contact else None, "email": email or case.email}
        return self._change(EventKind.CONTACT, data, by, expected_version, **fields)


def _as_offered(case: Case, tags: list[str]) -> list[str]:
    """The tags in the letters that are offered; those that nobody used before become rows."""
    from caseway.cases.models import Tag

    new = [tag for tag in tags if tag not in case.tags]
    if not new:
        return tags
    rows = Tag.objects.filter(organisation_id=case.organisation_id).annotate(key=Lower("name"))
    known = {row.name.lower(): row.name for row in rows.filter(key__in=[tag.lower() for tag in new])}
    missing = {tag.lower(): tag for tag in reversed(new) if tag.lower() not in known}
    Tag.objects.bulk_create(
        [Tag(organisation_id=case.organisation_id, name=name) for name in missing.values()], ignore_conflicts=True
    )
    known |= missing
    return list(dict.fromkeys(tag if tag in case.tags else known.get(tag.lower(), tag) for tag in tags))
