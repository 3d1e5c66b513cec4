"""What the rows of a file make of the contacts that are there: new ones, additions, or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from caseway.contacts.exchange.rows import Problem, Row
from caseway.contacts.models import Contact, ContactAddress
from caseway.mail.address import address_key

VALUES = ("name", "job_title", "phone", "company", "notes")


@dataclass(eq=False, slots=True)
class Person:
    """A contact as it is, or as the file makes it. `contact` is None until it is written."""

    values: dict[str, str]
    emails: dict[str, str] = field(default_factory=dict)
    contact: Contact | None = None
    before: dict[str, str] = field(default_factory=dict)
    added: dict[str, str] = field(default_factory=dict)

    @property
    def is_changed(self) -> bool:
        return bool(self.before or self.added)


@dataclass(slots=True)
class Plan:
    """What a slice of the file does."""

    made: list[Person] = field(default_factory=list)
    changed: dict[Person, None] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=lambda: {"made": 0, "changed": 0, "same": 0, "failed": 0})
    problems: list[Problem] = field(default_factory=list)


class Planner:
    """Decides about the rows of one file. `new` holds whom the file made so far, when nothing of it is written."""

    def __init__(self, organisation_id: int, *, overwrites: bool) -> None:
        self._organisation_id = organisation_id
        self._overwrites = overwrites
        self._by_key: dict[str, Person] = {}
        self._by_name: dict[tuple[str, str], Person] = {}

    def plan(self, rows: Sequence[Row | Problem], *, is_dry: bool) -> Plan:
        """What these rows do. Dry: those that came before are remembered as if they were written."""
        before = dict(self._by_key), dict(self._by_name)
        people = [row for row in rows if isinstance(row, Row)]
        self._read_known(people)
        plan = Plan()
        for row in rows:
            outcome = row if isinstance(row, Problem) else self._one(row, plan)
            if isinstance(outcome, Problem):
                plan.problems.append(outcome)
                plan.counts["failed"] += 1
            else:
                plan.counts[outcome] += 1
        if is_dry:  # whom the file makes stays known; who is in the database is read again
            news = plan.made
            self._by_key, self._by_name = before
            self._by_key |= {key: person for person in news for key in person.emails}
            self._by_name |= {_name_key(one.values["name"], one.values["phone"]): one for one in news if not one.emails}
        else:
            self._by_key, self._by_name = {}, {}
        return plan

    def _one(self, row: Row, plan: Plan) -> str | Problem:
        owners = list(dict.fromkeys(self._by_key[key] for key in row.keys if key in self._by_key))
        if len(owners) > 1:
            names = ", ".join(owner.values["name"] for owner in owners)
            return Problem(
                row.line,
                _("Its addresses belong to several contacts: %(names)s.") % {"names": names[:200]},
                _("Merge them first, or give each a line of its own."),
            )
        person = owners[0] if owners else None
        if person is None and not row.emails:
            person = self._by_name.get(_name_key(row.name, row.phone))
        if person is None:
            person = Person({name: getattr(row, name) for name in VALUES}, dict(zip(row.keys, row.emails, strict=True)))
            plan.made.append(person)
            self._know(person)
            return "made"
        if not self._add(row, person):
            return "same"
        if person.contact is not None:
            plan.changed[person] = None
        return "changed"

    def _add(self, row: Row, person: Person) -> bool:
        """Whether the row says something new of the person."""
        is_news = False
        for name in VALUES:
            value, now = getattr(row, name), person.values[name]
            is_empty = not now or (name == "name" and address_key(now) in person.emails)
            says_nothing = not value or value == now or (name == "name" and address_key(value) in row.keys)
            if says_nothing or not (is_empty or self._overwrites):
                continue
            person.before.setdefault(name, now)
            person.values[name] = value
            is_news = True
        for key, email in zip(row.keys, row.emails, strict=True):
            if key not in person.emails:
                person.emails[key] = person.added[key] = email
                self._by_key[key] = person
                is_news = True
        return is_news

    def _know(self, person: Person) -> None:
        self._by_key |= dict.fromkeys(person.emails, person)
        if not person.emails:
            self._by_name[_name_key(person.values["name"], person.values["phone"])] = person

    def _read_known(self, rows: Iterable[Row]) -> None:
        """Contacts that have one of the addresses; for rows without one those of the same name and phone."""
        rows = list(rows)
        keys = {key for row in rows for key in row.keys} - set(self._by_key)
        addresses = ContactAddress.objects.filter(
            organisation_id=self._organisation_id, key__in=keys, receives_mail=True
        )
        ids = set(addresses.values_list("contact_id", flat=True))
        names = {row.name for row in rows if not row.emails}
        wanted = Q(pk__in=ids) | Q(name__in=names) if names else Q(pk__in=ids)
        found = Contact.objects.filter(wanted, organisation_id=self._organisation_id, merged_into=None)
        for contact in found.select_related("customer").prefetch_related("addresses"):
            person = _known(contact)
            if contact.pk in ids:
                self._by_key |= dict.fromkeys(person.emails, person)
            self._by_name.setdefault(_name_key(contact.name, contact.phone), person)


def _known(contact: Contact) -> Person:
    values: dict[str, Any] = {name: getattr(contact, name) for name in ("name", "job_title", "phone", "notes")}
    values["company"] = contact.customer.name if contact.customer else ""
    emails = {address.key: address.email for address in contact.addresses.all() if address.receives_mail}
    return Person(values, emails, contact)


def _name_key(name: str, phone: str) -> tuple[str, str]:
    return name.casefold(), "".join(character for character in phone if character.isdecimal())
