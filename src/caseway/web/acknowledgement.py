"""The acknowledgement of each address: its words, its preview, on and off."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from caseway.mailboxes.models import SupportAddress
from caseway.outbound import acknowledge
from caseway.outbound.template import TemplateError
from caseway.web.doors import EmployeeRequest, administrator_page
from caseway.web.forms.acknowledgement import AcknowledgementForm


@dataclass(frozen=True, slots=True)
class Preview:
    """What a customer would get, or why nothing can be shown."""

    subject: str
    text: str
    problem: str = ""


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
    row = _find(request, pk)
    row.acknowledgement_subject = request.POST.get("subject", "")[:300]
    row.acknowledgement_body = request.POST.get("body", "")[:20_000]
    return render(request, "settings/_acknowledgement_preview.html", {"preview": preview_of(row)})


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
    return list(rows.select_related("organisation").order_by("address"))


def _find(request: EmployeeRequest, pk: int) -> SupportAddress:
    row = next((row for row in _rows(request) if row.pk == pk), None)
    if row is None:
        raise Http404
    return row
