"""Finding contacts by beginnings of their name, customer or address, also when a name is mistyped."""

from __future__ import annotations

from dataclasses import replace

from caseway.accounts.models import Employee
from caseway.cases.search import index
from caseway.cases.search.query import Term, read
from caseway.contacts.models import Contact


def find_contacts(employee: Employee, text: str, most: int = 20) -> list[Contact]:
    """At most `most` contacts of the employee's organisation that the words mean, the best first."""
    query = read(text)
    terms = [_anywhere(term) for term in query.words if term.weight in {"", "B"} and not term.is_excluded]
    if not terms:
        return []
    ids = index.contacts(terms, {}, most)
    if not ids:
        others = index.close_words([term.text for term in terms if term.may_be_mistyped][:4])
        ids = index.contacts(terms, others, most) if others else []
    if not ids:
        return []
    rows = Contact.objects.filter(organisation_id=employee.organisation_id).select_related("customer")
    found = rows.prefetch_related("addresses").in_bulk(ids)
    return [found[pk] for pk in ids if pk in found]


def _anywhere(term: Term) -> Term:
    return replace(term, weight="", is_beginning=not term.is_phrase)
