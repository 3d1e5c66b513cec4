"""The Contacts app: everybody who ever wrote, and those added by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_safe

from caseway.cases.models import Case
from caseway.contacts import lists
from caseway.contacts.models import Contact, ContactAddress, Customer, Merge
from caseway.web.contact_messages import messages_of
from caseway.web.doors import EmployeeRequest, employee_page

MOST_CASES = 50
MOST_KNOWN = 200
"""Cases of one contact or company that are counted and whose messages are shown: the latest."""
SHOWN = ("number", "subject", "status", "priority", "modified_at", "contact__name", "assigned_employee__name")
CASE_TABS = (
    ("open", pgettext_lazy("status", "Open")),
    ("closed", pgettext_lazy("status", "Closed")),
    ("all", _("All")),
)


@employee_page
@require_safe
def contacts(request: EmployeeRequest) -> HttpResponse:
    """The latest who wrote, or all by name, with search and filters; `after` gives the rows that follow."""
    return render(request, "contacts/list.html", list_context(request))


@employee_page
@require_safe
def contact(request: EmployeeRequest, pk: int) -> HttpResponse:
    """One contact with cases and messages, the list beside it. One that was merged leads on."""
    row = find_contact(request, pk)
    if row.merged_into_id:
        return redirect("contact", row.merged_into_id)
    cases = Case.objects.visible_to(request.user).filter(contact=row)
    filters, view = read_filters(request)
    context: dict[str, Any] = (
        {"app": "contacts", "query": list_query(filters, view)} if request.htmx else list_context(request)
    )
    context["contact"] = row
    if getattr(row, "was_merged", False):
        context["can_unmerge"] = list(row.merges.filter(undone_at=None).select_related("gone_contact")[:20])
    context |= cases_context(cases, request.GET.get("cases", "open"))
    context["timeline"] = messages_of(row, context["case_ids"])
    return render(request, "contacts/_contact.html" if request.htmx else "contacts/contact.html", context)


@employee_page
@require_safe
def contact_messages(request: EmployeeRequest, pk: int) -> HttpResponse:
    """What was written to and by the contact, after the key `after`."""
    row = find_contact(request, pk)
    ids = Case.objects.visible_to(request.user).filter(contact=row).order_by("-modified_at", "-pk").values_list("pk")
    timeline = messages_of(row, [pk for (pk,) in ids[:MOST_KNOWN]], request.GET.get("after", ""))
    return render(request, "contacts/_messages.html", {"contact": row, "timeline": timeline})


@employee_page
@require_safe
def contact_row(request: EmployeeRequest, pk: int) -> HttpResponse:
    """One row as it is now, for a list that is open. 204 when the contact is not in that list."""
    filters, view = read_filters(request)
    rows = lists.contacts(request.user.organisation_id, filters).filter(pk=pk)
    if view == "recent":
        rows = rows.filter(last_message_at__isnull=False)
    found = lists.short(rows).first()
    if found is None:
        find_contact(request, pk)
        return HttpResponse(status=204)
    return render(request, "contacts/_person.html", {"person": found, "query": list_query(filters, view)})


def find_contact(request: EmployeeRequest, pk: int) -> Contact:
    """The contact, one that was merged included, or Http404."""
    rows = Contact.objects.filter(organisation_id=request.user.organisation_id)
    related = ("customer", "created_by", "blocked_by", "notes_by")
    first_case = Case.objects.filter(contact=OuterRef("pk")).order_by("pk").values("subject")[:1]
    merges = Merge.objects.filter(contact=OuterRef("pk"), undone_at=None)
    rows = rows.annotate(first_subject=Subquery(first_case), was_merged=Exists(merges))
    found = rows.select_related(*related).prefetch_related("addresses").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def find_address(request: EmployeeRequest, pk: int) -> ContactAddress:
    rows = ContactAddress.objects.filter(organisation_id=request.user.organisation_id)
    found = rows.select_related("contact").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def read_filters(request: EmployeeRequest) -> tuple[lists.Filters, str]:
    """The filters of the address, and which view they are seen in: 'recent' or 'all'."""
    given = request.GET
    company = given.get("company", "")
    filters = lists.Filters(
        words=lists.tidy(given.get("q", "")),
        customer=int(company) if company.isdecimal() and len(company) < 18 else None,
        is_blocked=given.get("blocked") == "1",
        has_open_cases=given.get("open") == "1",
    )
    view = given.get("view", "")
    if view not in {"recent", "all"}:
        view = "all" if filters else "recent"
    return filters, view


def list_query(filters: lists.Filters, view: str) -> str:
    """The filters as an address carries them."""
    values: dict[str, Any] = {
        "view": view if view == "all" and not filters else "",
        "q": filters.words,
        "company": filters.customer,
        "blocked": "1" if filters.is_blocked else "",
        "open": "1" if filters.has_open_cases else "",
    }
    return urlencode({name: value for name, value in values.items() if value})


def list_context(request: EmployeeRequest) -> dict[str, Any]:
    organisation, after = request.user.organisation_id, request.GET.get("after", "")
    filters, view = read_filters(request)
    if view == "recent":
        page = lists.recent(organisation, filters, after)
        if not page.rows and not after and not filters:
            view = "all"
    if view == "all":
        page = lists.page(organisation, after=after, filters=filters, is_short=True)
    company = None
    if filters.customer is not None:
        company = Customer.objects.filter(organisation_id=organisation, pk=filters.customer).first()
    return {
        "app": "contacts",
        "page": page,
        "q": filters.words,
        "filters": filters,
        "company": company,
        "view": view,
        "query": list_query(filters, view),
        "links": {
            "open": list_query(replace(filters, has_open_cases=not filters.has_open_cases), view),
            "blocked": list_query(replace(filters, is_blocked=not filters.is_blocked), view),
            "company": list_query(replace(filters, customer=None), view),
        },
        "counts": shown_counts(organisation),
    }


def shown_counts(organisation_id: int) -> dict[str, str]:
    found = lists.counts(organisation_id)
    most = lists.MOST_COUNTED
    return {name: f"{most:,}+" if count >= most else f"{count:,}" for name, count in found.items()}


def cases_context(cases: QuerySet[Case], tab: str) -> dict[str, Any]:
    """The latest cases of a contact or company in three tabs, each with its number; and their ids. One query."""
    rows = cases.select_related("assigned_employee", "contact").only(*SHOWN).order_by("-modified_at", "-pk")
    known = list(rows[: MOST_KNOWN + 1])
    has_more, known = len(known) > MOST_KNOWN, known[:MOST_KNOWN]
    parts = {
        "open": [case for case in known if not case.is_closed],
        "closed": [case for case in known if case.is_closed],
        "all": known,
    }
    if tab not in parts or (tab == "open" and not parts["open"]):
        tab = "all"
    shown = parts[tab]
    return {
        "cases": shown[:MOST_CASES],
        "case_tab": tab,
        "case_tabs": [(value, title, f"{len(parts[value])}{'+' * has_more}") for value, title in CASE_TABS],
        "case_count": len(known),
        "case_ids": [case.pk for case in known],
        "more_cases": max(0, len(shown) - MOST_CASES),
    }
