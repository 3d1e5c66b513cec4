"""Undo: whatever was just done to cases is offered back, in a toast and on the key Z."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import groupby
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from caseway.cases.errors import CaseError
from caseway.cases.models import Event
from caseway.cases.undo import undo as take_back
from caseway.web.doors import EmployeeRequest, employee_page

MOST_EVENTS = 500
WITHIN = timedelta(days=1)


def offer(request: HttpRequest, events: Sequence[Event | None], text: str) -> None:
    """Say `text` in a toast, with Undo for the events; without it when nothing was recorded."""
    ids = [event.pk for event in events if event is not None]
    messages.success(request, text, extra_tags=undo_url(ids) if ids else "")


def undo_url(ids: Sequence[int]) -> str:
    """Where a POST takes these events back."""
    return f"{reverse('undo')}?{urlencode({'event': ids}, doseq=True)}"


@employee_page
@require_POST
def undo(request: EmployeeRequest) -> HttpResponse:
    """`event` (repeated): ids of the person's own events. Each case by itself: one that changed stops no other."""
    wanted = [*request.GET.getlist("event"), *request.POST.getlist("event")][:MOST_EVENTS]
    ids = [int(value) for value in wanted if value.isdecimal() and len(value) < 18]
    rows = Event.objects.select_related("case", "message").filter(
        pk__in=ids,
        employee=request.user,
        organisation_id=request.user.organisation_id,
        created_at__gt=timezone.now() - WITHIN,
    )
    count, problems = 0, []
    for _case, events in groupby(rows.order_by("case", "pk"), key=lambda event: event.case_id):
        try:
            take_back(list(events), by=request.user)
            count += 1
        except (CaseError, ValueError) as error:
            problems.append(str(error))
    if count:
        messages.success(request, ngettext("Taken back.", "Taken back in %(n)s cases.", count) % {"n": count})
    elif not problems:
        messages.error(request, _("This cannot be taken back any more."))
    for problem in problems[:3]:
        messages.error(request, problem)
    return redirect(_back(request))


def _back(request: EmployeeRequest) -> str:
    """The page that the person is on; where they were looking at what was undone."""
    for url in (request.POST.get("next", ""), request.headers.get("Referer", "")):
        if url and url_has_allowed_host_and_scheme(url, {request.get_host()}, require_https=request.is_secure()):
            return url
    return reverse("cases")
