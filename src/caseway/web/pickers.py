"""What the composer offers while somebody types: people to write to, colleagues to mention, canned replies."""

from __future__ import annotations

from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_POST, require_safe

from caseway.accounts.models import Employee
from caseway.cases.models import Case
from caseway.contacts import lists
from caseway.mail import written_html
from caseway.mailboxes.models import SupportAddress
from caseway.outbound import canned
from caseway.outbound.drafts import written_address
from caseway.outbound.models import CannedReply
from caseway.outbound.template import TemplateError
from caseway.web.doors import EmployeeRequest, employee_page, writer_page
from caseway.web.finding import find_case
from caseway.web.writing import number

OFFERED = 8


@writer_page
@require_safe
def contacts(request: EmployeeRequest) -> HttpResponse:
    """Contacts by name or address (`q`), as they are written into To."""
    words = request.GET.get("q", "").strip()[:200]
    rows = lists.page(request.user.organisation_id, words, size=OFFERED).rows if words else []
    found = [
        {"name": contact.name, "email": row.email, "value": written_address(contact.name, row.email)}
        for contact in rows
        for row in sorted(contact.addresses.all(), key=lambda one: one.pk)
    ]
    return JsonResponse({"found": found[:OFFERED]})


@employee_page
@require_safe
def colleagues(request: EmployeeRequest) -> HttpResponse:
    """Everybody who can be mentioned."""
    rows = Employee.objects.active().filter(organisation_id=request.user.organisation_id).exclude(pk=request.user.pk)
    found = [{"id": one.pk, "name": one.name, "email": one.email} for one in rows.order_by("name")]
    return JsonResponse({"found": found})


@writer_page
@require_safe
def canned_replies(request: EmployeeRequest) -> HttpResponse:
    """Canned replies that fit `q`, each filled in for the `case`, so that what is seen is what will be inserted."""
    case, address = _case(request), _address(request)
    values = canned.values_for(request.user, case, address)
    found = []
    for row in canned.offered(request.user.organisation_id, request.GET.get("q", "")[:200])[: canned.OFFERED]:
        try:
            found.append((row, mark_safe(canned.filled(row, values))))  # noqa: S308 - cleaned
        except TemplateError:
            continue  # its page in the settings says what is wrong
    return render(request, "cases/_canned.html", {"found": found, "q": request.GET.get("q", "")})


@writer_page
@require_POST
def canned_use(request: EmployeeRequest, pk: int) -> HttpResponse:
    """The reply filled in, counted as used."""
    row = CannedReply.objects.filter(organisation_id=request.user.organisation_id, is_active=True, pk=pk).first()
    if row is None:
        raise Http404
    try:
        html = canned.use(row, request.user, _case(request), _address(request))
    except TemplateError as error:
        return JsonResponse({"problem": str(error)}, status=422)
    return JsonResponse({"html": html, "text": written_html.text_of(html)})


def _case(request: EmployeeRequest) -> Case | None:
    wanted = number(request.GET.get("case", "") or request.POST.get("case", ""))
    return find_case(request.user, wanted) if wanted else None


def _address(request: EmployeeRequest) -> SupportAddress | None:
    pk = number(request.GET.get("from_address", "") or request.POST.get("from_address", ""))
    rows = SupportAddress.objects.filter(organisation_id=request.user.organisation_id, deleted_at=None)
    return rows.filter(pk=pk).first() if pk else None
