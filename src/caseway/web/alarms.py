"""Alarms: a banner in every page of an administrator, and a page with all of them."""

from __future__ import annotations

import datetime as dt

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from caseway.intake.models import Alarm
from caseway.web.doors import EmployeeRequest, administrator_page

PLACES = {
    "mailbox-stopped": "email-to-case",
    "mailbox-down": "email-to-case",
    "quarantined": "mail-log",
    "unprocessed": "mail-log",
    "missing": "mail-log",
    "room": "alarms",
    "database-full": "alarms",
}
"""Where each kind is mended; all others in Outgoing email."""
REMEMBERED = dt.timedelta(days=14)


@administrator_page
@require_safe
def alarms(request: EmployeeRequest) -> HttpResponse:
    """Those that stand, and those of the last two weeks that are over."""
    over = Alarm.objects.filter(
        organisation_id=request.user.organisation_id, cleared_at__gt=timezone.now() - REMEMBERED
    ).order_by("-cleared_at")
    return render(request, "settings/alarms.html", {"app": "cases", "section": "alarms", "over": over[:100]})


@administrator_page
@require_safe
def alarm_banner(request: EmployeeRequest) -> HttpResponse:
    """The banner by itself, as it is now."""
    return render(request, "parts/alarms.html")
