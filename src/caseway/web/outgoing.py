"""The outbox: what waits, what failed and why, what nobody knows."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from caseway.outbound.errors import CannotSendError
from caseway.outbound.models import OutboundEmail, OutboundState
from caseway.outbound.outbox import cancel as cancel_sending
from caseway.outbound.outbox import send_again
from caseway.web.doors import EmployeeRequest, administrator_page
from caseway.web.paging import page_of

TABS = (("", "All"), ("queued", "Queued"), ("failed", "Failed"), ("uncertain", "Uncertain"), ("sent", "Sent"))


@administrator_page
@require_safe
def outgoing_email(request: EmployeeRequest) -> HttpResponse:
    """Latest first; `state` filters."""
    rows = OutboundEmail.objects.filter(organisation_id=request.user.organisation_id)
    state = request.GET.get("state", "")
    if state in OutboundState.values:
        rows = rows.filter(state=state)
    page = page_of(rows.select_related("case", "mailbox"), request.GET.get("after", ""))
    context = {"app": "cases", "section": "outgoing-email", "page": page, "state": state, "tabs": TABS}
    return render(request, "settings/outgoing_email.html", context)


@administrator_page
@require_POST
def cancel(request: EmployeeRequest, pk: int) -> HttpResponse:
    """Take a mail that waits out of the outbox."""
    try:
        cancel_sending(_find(request, pk), by=request.user)
        messages.success(request, _("Cancelled. It will not be sent."))
    except CannotSendError as error:
        messages.error(request, str(error))
    return redirect("outgoing-email")


@administrator_page
@require_POST
def retry(request: EmployeeRequest, pk: int) -> HttpResponse:
    """Send the same bytes again: a person has decided."""
    try:
        send_again(_find(request, pk), by=request.user)
        messages.success(request, _("It is queued again, with the same Message-ID."))
    except CannotSendError as error:
        messages.error(request, str(error))
    return redirect("outgoing-email")


def _find(request: EmployeeRequest, pk: int) -> OutboundEmail:
    row = OutboundEmail.objects.filter(organisation_id=request.user.organisation_id, pk=pk).first()
    if row is None:
        raise Http404
    return row
