"""What the composer asks while somebody chooses From and fills in To."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from caseway.cases.models import Case, DraftKind
from caseway.mail.address import parse_addresses
from caseway.outbound.addresses import OwnAddresses
from caseway.outbound.recipients import warnings
from caseway.web.composer import Writer, signature
from caseway.web.doors import EmployeeRequest, writer_page
from caseway.web.finding import find_case


@writer_page
@require_safe
def added_cc(request: EmployeeRequest, number: int) -> HttpResponse:
    """The Add to CC pills and the signature for another From."""
    return _from_changed(request, find_case(request.user, number))


@writer_page
@require_safe
def first_mail_from(request: EmployeeRequest) -> HttpResponse:
    """The same for the first mail of a case to come: only the signature changes."""
    return _from_changed(request, None)


@writer_page
@require_safe
def recipients(request: EmployeeRequest, number: int) -> HttpResponse:
    """Whom the writer should look at among the recipients typed so far."""
    case = find_case(request.user, number)
    writer = Writer(DraftKind.REPLY)
    typed = parse_addresses([request.GET.get(name, "")[:20_000] for name in ("to", "cc", "bcc")])
    writer.warnings = warnings(case, typed)
    return render(request, "cases/_recipient_warnings.html", {"case": case, "w": writer})


def _from_changed(request: EmployeeRequest, case: Case | None) -> HttpResponse:
    addresses = OwnAddresses.of(request.user.organisation_id, case, request.user)
    wanted = request.GET.get("from_address")
    chosen = next((row for row in addresses.from_addresses() if str(row.pk) == wanted), None)
    kind = request.GET.get("kind", "")
    writer = Writer(kind, "" if kind == DraftKind.REPLY or kind not in DraftKind.values else f"{kind}-")
    if chosen is not None:
        writer.added_cc, writer.signature = addresses.cc_for(chosen), signature(request, chosen)
    return render(request, "cases/_from_changed.html", {"case": case, "w": writer})
