"""Fetching the rest of a mail that was too large to be fetched by itself."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from caseway.intake import remainder
from caseway.web.doors import EmployeeRequest, writer_page
from caseway.web.finding import find_message


@writer_page
@require_POST
def message_rest(request: EmployeeRequest, pk: int) -> HttpResponse:
    """Ask for it; a worker fetches it and the message completes itself."""
    message = find_message(request.user, pk)
    inbound = message.inbound.select_related("mailbox", "case").exclude(size_on_server=0).first()
    if inbound is None:
        raise Http404
    try:
        remainder.request(inbound, by=request.user)
        messages.success(request, _("The rest is being fetched from the server."))
    except ValueError as error:
        messages.error(request, str(error))
    return redirect("case", message.case.number)
