"""Signatures: the organisation's and its addresses' under Settings, an employee's own in the profile."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.html import linebreaks
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from caseway.accounts.models import Employee
from caseway.mail import written_html
from caseway.mailboxes.models import SupportAddress
from caseway.outbound import signatures as signing
from caseway.outbound.models import Signature
from caseway.outbound.template import TemplateError
from caseway.web.doors import EmployeeRequest, administrator_page, writer_page
from caseway.web.writing import number


@dataclass(slots=True)
class Slot:
    """A place that a signature can stand at."""

    key: str
    """Id of the address, '' for all."""
    title: str
    html: SafeString
    text: str
    problem: str = ""

    @property
    def is_empty(self) -> bool:
        return not self.text.strip()


@administrator_page
@require_http_methods(["GET", "HEAD", "POST"])
def signatures(request: EmployeeRequest) -> HttpResponse:
    """Those of everybody: for all addresses, and for each."""
    return _page(request, None, "signatures")


@writer_page
@require_http_methods(["GET", "HEAD", "POST"])
def own_signatures(request: EmployeeRequest) -> HttpResponse:
    """Those of the employee: they go before everybody's."""
    return _page(request, request.user, "own-signatures")


@writer_page
@require_POST
def preview(request: EmployeeRequest) -> HttpResponse:
    """How the text in the form would stand below a mail of this employee."""
    html = _written(request)
    rows = SupportAddress.objects.filter(organisation_id=request.user.organisation_id, deleted_at=None)
    row = rows.filter(pk=number(request.POST.get("address", ""))).first() or rows.order_by("pk").first()
    try:
        filled = signing.fill(html, signing.values_for(request.user, row))
        shown: dict[str, object] = {"html": mark_safe(filled)}  # noqa: S308 - cleaned
    except TemplateError as error:
        shown = {"problem": str(error)}
    return render(request, "settings/_written_preview.html", {"preview": shown})


def _page(request: EmployeeRequest, employee: Employee | None, name: str) -> HttpResponse:
    rows = SupportAddress.objects.filter(organisation_id=request.user.organisation_id, deleted_at=None)
    by_key = {str(row.pk): row for row in rows.order_by("address")}
    problem, posted = "", request.POST.get("address", "")
    if request.method == "POST":
        if posted and posted not in by_key:
            raise Http404
        problem = signing.check(_written(request), request.user)
        if not problem:
            organisation_id = request.user.organisation_id
            signing.keep(organisation_id, employee=employee, row=by_key.get(posted), html=_written(request))
            messages.success(request, _("The signature is saved."))
            return redirect(name)
    kept = Signature.objects.filter(organisation_id=request.user.organisation_id, employee=employee)
    found = {str(row.support_address_id or ""): row.html for row in kept}
    if problem:
        found[posted] = _written(request)
    slots = [_slot("", _("All addresses"), found), *(_slot(key, row.address, found) for key, row in by_key.items())]
    for slot in slots:
        slot.problem = problem if slot.key == posted else ""
    context = {"slots": slots, "section": name, "is_own": employee is not None}
    return render(request, "settings/signatures.html", context, status=422 if problem else 200)


def _slot(key: str, title: str, found: dict[str, str]) -> Slot:
    html = signing.clean_template(found.get(key, ""))
    return Slot(key, title, mark_safe(html), written_html.text_of(html))  # noqa: S308 - cleaned


def _written(request: EmployeeRequest) -> str:
    """From the editor, or from the plain field without scripts."""
    html, text = request.POST.get("html", ""), request.POST.get("text", "")
    if html or not text.strip():
        return signing.clean_template(html)
    return signing.clean_template(linebreaks(text, autoescape=True))
