"""A case made by hand."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from caseway.cases.opening import open_by_hand
from caseway.contacts.models import Contact
from caseway.web.doors import EmployeeRequest, writer_page
from caseway.web.forms.cases import NewCaseForm


@writer_page
@require_http_methods(["GET", "HEAD", "POST"])
def new_case(request: EmployeeRequest) -> HttpResponse:
    """`contact` in the address: for whom."""
    contact = _contact(request)
    form = NewCaseForm(request.POST or None, employee=request.user, contact=contact)
    if request.method == "POST" and form.is_valid():
        case = open_by_hand(request.user.organisation, by=request.user, **form.values())
        messages.success(request, _("%(label)s is made.") % {"label": case.label})
        return redirect("case", case.number)
    context = {"app": "cases", "form": form, "contact": contact}
    return render(request, "cases/new.html", context, status=422 if form.errors else 200)


def _contact(request: EmployeeRequest) -> Contact | None:
    wanted = request.GET.get("contact", "")
    if not wanted:
        return None
    rows = Contact.objects.filter(organisation_id=request.user.organisation_id)
    contact = rows.filter(pk=int(wanted)).first() if wanted.isdecimal() and len(wanted) < 18 else None
    if contact is None:
        raise Http404
    return contact
