"""The acknowledgement of each address: its words, its preview, on and off."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from caseway.accounts.models import Employee
from caseway.mail.compose import UnsendableError
from caseway.mailboxes.models import SupportAddress
from caseway.outbound import acknowledge
from caseway.outbound.template import TemplateError
from caseway.web.doors import EmployeeRequest, administrator_page
from caseway.web.forms.acknowledgement import AcknowledgementForm
from caseway.web.models import Attempt

MOST_TESTS = 20


@dataclass(frozen=True, slots=True)
class Preview:
    """What a customer would get, or why nothing can be shown."""

    subject: str
    text: str
    problem: str = ""
    told: str = ""
    """What became of a test."""


@administrator_page
@require_safe
def acknowledgements(request: EmployeeRequest) -> HttpResponse:
    context = {"app": "cases", "section": "acknowledgements", "rows": _rows(request)}
    return render(request, "settings/acknowledgements.html", context)


@administrator_page
@require_http_methods(["GET", "HEAD", "POST"])
def acknowledgement(request: EmployeeRequest, pk: int) -> HttpResponse:
    row = _find(request, pk)
    form = AcknowledgementForm(request.POST or None, instance=row)
    if request.method == "POST" and form.is_valid():
        form.keep()
        messages.success(request, _("Saved."))
        return redirect("acknowledgement", pk)
    context = {"app": "cases", "section": "acknowledgements", "row": row, "form": form, "preview": preview_of(row)}
    return render(request, "settings/acknowledgement.html", context, status=422 if form.errors else 200)


@administrator_page
@require_POST
def preview(request: EmployeeRequest, pk: int) -> HttpResponse:
    """The text that is being typed, as a customer would get it. Saves nothing."""
    row = _typed(request, pk)
    return render(request, "settings/_acknowledgement_preview.html", {"preview": preview_of(row)})


@administrator_page
@require_POST
def test(request: EmployeeRequest, pk: int) -> HttpResponse:
    """The text that is being typed, sent to whoever asks. Saves nothing."""
    row = _typed(request, pk)
    told = preview_of(row)
    if not told.problem:
        told = replace(told, **_sent_to(request.user, row))
    if request.htmx:
        return render(request, "settings/_acknowledgement_preview.html", {"preview": told})
    form = AcknowledgementForm(request.POST, instance=row)
    context = {"app": "cases", "section": "acknowledgements", "row": row, "form": form, "preview": told}
    return render(request, "settings/acknowledgement.html", context, status=422 if told.problem else 200)


def _sent_to(employee: Employee, row: SupportAddress) -> dict[str, str]:
    if Attempt.too_many("acknowledgement-test", employee.email, MOST_TESTS):
        return {"problem": _("That was a lot of test mail. Wait a quarter of an hour.")}
    try:
        acknowledge.send_test(row, employee)
    except UnsendableError as error:
        return {"problem": str(error)}
    return {"told": _("On its way to %(email)s, by the server of this address.") % {"email": employee.email}}


@administrator_page
@require_POST
def reset(request: EmployeeRequest, pk: int) -> HttpResponse:
    """Back to the standard text."""
    row = _find(request, pk)
    row.acknowledgement_subject = row.acknowledgement_body = ""
    row.save(update_fields=["acknowledgement_subject", "acknowledgement_body"])
    messages.success(request, _("The standard text is used again."))
    return redirect("acknowledgement", pk)


def preview_of(row: SupportAddress) -> Preview:
    try:
        return Preview(*acknowledge.preview(row))
    except TemplateError as error:
        return Preview("", "", str(error))


def _rows(request: EmployeeRequest) -> list[SupportAddress]:
    rows = SupportAddress.objects.filter(organisation_id=request.user.organisation_id, deleted_at=None)
    return list(rows.select_related("organisation", "mailbox").order_by("address"))


def _typed(request: EmployeeRequest, pk: int) -> SupportAddress:
    """The address with the words of the form, not saved."""
    row = _find(request, pk)
    row.acknowledgement_subject = request.POST.get("subject", "")[:300]
    row.acknowledgement_body = request.POST.get("body", "")[:20_000].replace("\r\n", "\n")
    return row


def _find(request: EmployeeRequest, pk: int) -> SupportAddress:
    row = next((row for row in _rows(request) if row.pk == pk), None)
    if row is None:
        raise Http404
    return row
