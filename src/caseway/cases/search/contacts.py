"""Finding contacts by beginnings of their name, customer or address, also when a name is mistyped."""

from __future__ import annotations

from dataclasses import replace

from django.db.models import OuterRef, Subquery

from caseway.accounts.models import Employee
from caseway.cases.search import index
from caseway.cases.search.query import Query, Term, read
from caseway.cases.search.snippets import has_match, pattern_of
from caseway.contacts.models import Contact, ContactAddress


def find_contacts(
    employee: Employee, query: str | Query, most: int = 20, *, others: dict[str, list[str]] | None = None
) -> list[Contact]:
    """At most `most` contacts of the employee's organisation that the words mean, those known by these names first.

    With `others`, what words may be instead, these are looked for at once; else only when nothing fits as it is
    written. Each has `first_email` beside what a contact has.
    """
    query = read(query) if isinstance(query, str) else query
    terms = [_anywhere(term) for term in query.words if term.weight in {"", "B"} and not term.is_excluded]
    if not terms:
        return []
    found = _rows(employee, terms, others or {}, most)
    if not found and others is None and (others := index.close_words(terms)):
        found = _rows(employee, terms, others, most)
    pattern = pattern_of(terms, others)
    return sorted(found, key=lambda contact: not has_match(contact.name, pattern))


def _rows(employee: Employee, terms: list[Term], others: dict[str, list[str]], most: int) -> list[Contact]:
    first = ContactAddress.objects.filter(contact=OuterRef("pk")).order_by("pk").values("email")[:1]
    rows = Contact.objects.filter(organisation_id=employee.organisation_id, pk__in=index.contacts(terms, others, most))
    return list(rows.select_related("customer").annotate(first_email=Subquery(first)).order_by("name", "pk"))


def _anywhere(term: Term) -> Term:
    return replace(term, weight="", is_beginning=not term.is_phrase)
