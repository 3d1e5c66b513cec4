"""Replay: stored mail through today's code, what would be otherwise, and applying what a person chose."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from caseway.intake.models import InboundEmail
from caseway.intake.replay import apply, compare
from caseway.intake.search import find
from caseway.mailboxes.models import Mailbox
from caseway.web.doors import EmployeeRequest, administrator_page
from caseway.web.mail_log import filters_of
from caseway.web.paging import key_of

AT_ONCE = 200
"""Mails that one page reads again: about two seconds."""


@administrator_page
@require_http_methods(["GET", "HEAD", "POST"])
def replay(request: EmployeeRequest) -> HttpResponse:
    """Asked with dates, a mailbox or a search: the differences. Posted with rows: applies these."""
    if request.method == "POST":
        return _apply(request)
    organisation_id = request.user.organisation_id
    is_asked = "run" in request.GET
    rows: list[InboundEmail] = []
    next_after = ""
    if is_asked:
        after = key_of(request.GET.get("after", ""))
        found = find(organisation_id, filters_of(request), below=after, most=AT_ONCE + 1)
        if after is not None:
            found = found.filter(pk__lt=after)
        related = found.select_related("raw", "message__case", "case", "support_address", "mailbox")
        rows = list(related.order_by("-pk")[: AT_ONCE + 1])
        next_after = str(rows[AT_ONCE - 1].pk) if len(rows) > AT_ONCE else ""
        rows = rows[:AT_ONCE]
    query = request.GET.copy()
    query.pop("after", None)
    context = {
        "app": "cases",
        "section": "mail-log",
        "is_asked": is_asked,
        "count": len(rows),
        "differences": list(compare(rows, organisation_id)),
        "next": next_after,
        "query": query.urlencode(),
        "filters": filters_of(request),
        "mailboxes": Mailbox.objects.filter(organisation_id=organisation_id).order_by("address", "pk"),
    }
    return render(request, "settings/replay.html", context)


def _apply(request: EmployeeRequest) -> HttpResponse:
    chosen = [int(pk) for pk in request.POST.getlist("row") if pk.isdecimal() and len(pk) < 18][:AT_ONCE]
    rows = InboundEmail.objects.filter(organisation_id=request.user.organisation_id, pk__in=chosen)
    done = [apply(row, by=request.user) for row in rows.order_by("pk")]
    if done:
        count = len(done)
        applied = ngettext("Applied to %(count)s mail.", "Applied to %(count)s mails.", count) % {"count": count}
        messages.success(request, f"{applied} {done[0]}" if count == 1 else applied)
    else:
        messages.error(request, _("Choose at least one mail."))
    return redirect("replay")
