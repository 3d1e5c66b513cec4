"""The mail log: every mail that reached a door of ours, what became of it and why."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from caseway.intake.decisions import process_again
from caseway.intake.models import InboundEmail, InboundState
from caseway.web.doors import EmployeeRequest, administrator_page
from caseway.web.paging import page_of

TABS = (
    ("", "All"),
    ("delivered", "In a case"),
    ("ignored", "Ignored"),
    ("pending", "Waiting"),
    ("failed", "Failed"),
    ("quarantined", "Quarantined"),
)


@administrator_page
@require_safe
def mail_log(request: EmployeeRequest) -> HttpResponse:
    """Latest first; `state` filters, `q` looks in sender, subject and Message-ID."""
    rows = InboundEmail.objects.filter(organisation_id=request.user.organisation_id)
    state, words = request.GET.get("state", ""), request.GET.get("q", "").replace("\0", "").strip()[:200]
    if state in InboundState.values:
        rows = rows.filter(state=state)
    if words:
        rows = rows.filter(
            Q(sender__icontains=words) | Q(subject__icontains=words) | Q(message_identifier=words.strip("<>"))
        )
    page = page_of(rows.select_related("case", "mailbox", "support_address"), request.GET.get("after", ""))
    context = {"app": "cases", "section": "mail-log", "page": page, "state": state, "q": words, "tabs": TABS}
    return render(request, "settings/mail_log.html", context)


@administrator_page
@require_POST
def again(request: EmployeeRequest, pk: int) -> HttpResponse:
    """Process a mail again; what is in a case already is recognised."""
    row = InboundEmail.objects.filter(organisation_id=request.user.organisation_id, pk=pk).first()
    if row is None:
        raise Http404
    process_again(row)
    messages.success(request, _("The mail is processed again."))
    return redirect("mail-log")
