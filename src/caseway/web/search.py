"""Searching: the page of results, and what the command palette suggests while somebody types."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from caseway.cases import search as cases_search
from caseway.cases.lists import VIEWS
from caseway.cases.models import SavedView
from caseway.contacts.models import Contact
from caseway.web.doors import EmployeeRequest, employee_page

MOST_PEOPLE = 6
SUGGESTED_CASES = 6
SUGGESTED_PEOPLE = 4
SUGGESTED_VIEWS = 3

EXAMPLES = (
    "from:parker",
    "assignee:me is:unread",
    "subject:refund",
    "has:attachment",
    "after:30d",
    '"exact words"',
)


@employee_page
@require_safe
def search(request: EmployeeRequest) -> HttpResponse:
    """What `q` finds, or with `after` the hits that follow."""
    text, after = request.GET.get("q", "").strip(), request.GET.get("after", "")
    query = cases_search.read(text, request.user)
    found = cases_search.find(request.user, query, after=after)
    people: list[Contact] = []
    if _may_mean_people(query) and not after:
        people = cases_search.find_contacts(request.user, query, MOST_PEOPLE, others=found.others)
    context: dict[str, Any] = {
        "app": "cases",
        "q": text,
        "found": found,
        "chips": query.chips,
        "people": people,
        "examples": EXAMPLES,
        "is_continued": bool(after),
        "said": _said(len(found.rows), bool(found.next)),
    }
    return render(request, "search/results.html", context)


@employee_page
@require_safe
def suggestions(request: EmployeeRequest) -> HttpResponse:
    """Options for the palette: cases, contacts and views that what is typed so far may mean."""
    text = request.GET.get("q", "").strip()
    query = cases_search.read(text, request.user, is_being_typed=True)
    found = cases_search.find(request.user, query, size=SUGGESTED_CASES)
    people: list[Contact] = []
    if _may_mean_people(query):
        people = cases_search.find_contacts(request.user, query, SUGGESTED_PEOPLE, others=found.others)
    rows = SavedView.objects.filter(organisation_id=request.user.organisation_id, name__icontains=query.text)
    mine = rows.filter(Q(is_shared=True) | Q(employee=request.user)).order_by("position", "pk")[:SUGGESTED_VIEWS]
    pattern = cases_search.pattern_of(query.words)
    context = {
        "hits": found.rows,
        "people": [(person, cases_search.highlight(person.name, pattern)) for person in people],
        "views": mine if query.text else [],
    }
    return render(request, "search/_suggestions.html", context)


def _may_mean_people(query: cases_search.Query) -> bool:
    return bool(query.words) and query.number is None and not query.filters and not query.within


def _said(count: int, has_more: bool) -> str:
    """For a screen reader: how much was found."""
    if has_more:
        return ngettext("More than %(count)s case found", "More than %(count)s cases found", count) % {"count": count}
    return ngettext("%(count)s case found", "%(count)s cases found", count) % {"count": count}


def places() -> list[tuple[str, str]]:
    """(address name, title) of the lists that everybody has."""
    return [(view.slug, view.title) for view in VIEWS.values()]
