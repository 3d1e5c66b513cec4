"""The Contacts app: everybody who ever wrote, and those added by hand."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from caseway.cases.models import Case
from caseway.contacts import lists
from caseway.contacts.models import Contact
from caseway.web.doors import EmployeeRequest, employee_page, writer_page
from caseway.web.forms.contacts import ContactForm

MOST_CASES = 100


@employee_page
@require_safe
def contacts(request: EmployeeRequest) -> HttpResponse:
    """By name, with search; `after` gives the rows that follow."""
    return render(request, "contacts/list.html", _list(request))


@employee_page
@require_safe
def contact(request: EmployeeRequest, pk: int) -> HttpResponse:
    """One contact with their cases, the list beside it."""
    row = find_contact(request, pk)
    cases = Case.objects.visible_to(request.user).filter(contact=row).select_related("assigned_employee")
    first = row.cases.order_by("pk").first()
    context = _list(request) | {"contact": row, "cases": cases.order_by("-modified_at")[:MOST_CASES], "first": first}
    return render(request, "contacts/contact.html", context)


@writer_page
@require_http_methods(["GET", "HEAD", "POST"])
def new_contact(request: EmployeeRequest) -> HttpResponse:
    return _edit(request, None)


@writer_page
@require_http_methods(["GET", "HEAD", "POST"])
def edit_contact(request: EmployeeRequest, pk: int) -> HttpResponse:
    return _edit(request, find_contact(request, pk))


def find_contact(request: EmployeeRequest, pk: int) -> Contact:
    rows = Contact.objects.filter(organisation_id=request.user.organisation_id)
    found = rows.select_related("customer", "created_by").prefetch_related("addresses").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _edit(request: EmployeeRequest, row: Contact | None) -> HttpResponse:
    form = ContactForm(request.POST or None, instance=row, employee=request.user)
    if request.method == "POST" and form.is_valid() and (kept := form.try_to_keep()) is not None:
        messages.success(request, _("Saved."))
        return redirect("contact", kept.pk)
    context = {"app": "contacts", "form": form, "contact": row}
    return render(request, "contacts/edit.html", context, status=422 if form.errors else 200)


def _list(request: EmployeeRequest) -> dict[str, object]:
    words = request.GET.get("q", "").strip()
    page = lists.page(request.user.organisation_id, words, request.GET.get("after", ""))
    return {"app": "contacts", "page": page, "q": words}
