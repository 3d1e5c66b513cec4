"""The outbox: what waits, what failed and why, what nobody knows; and a person's decision about each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from caseway.intake.search import identifier_of
from caseway.outbound import outbox
from caseway.outbound.errors import CannotSendError
from caseway.outbound.models import OutboundEmail, OutboundState, Pause, PauseKind
from caseway.web.doors import EmployeeRequest, administrator_page, writer_page
from caseway.web.paging import page_of

TABS = (
    ("", gettext_lazy("All")),
    ("queued", gettext_lazy("Queued")),
    ("sending", gettext_lazy("Sending")),
    ("held", gettext_lazy("Held")),
    ("failed", gettext_lazy("Failed")),
    ("uncertain", gettext_lazy("Uncertain")),
    ("sent", gettext_lazy("Sent")),
    ("cancelled", gettext_lazy("Cancelled")),
)

Verb = Callable[..., None]


@administrator_page
@require_safe
def outgoing_email(request: EmployeeRequest) -> HttpResponse:
    """Latest first; `state` filters, `q` looks in recipients, subject and Message-ID."""
    context = _list(request) | {
        "app": "cases",
        "section": "outgoing-email",
        "tabs": TABS,
        "stopped": Pause.objects.active()
        .filter(organisation_id=request.user.organisation_id, kind=PauseKind.SENDING)
        .first(),
    }
    return render(request, "settings/outgoing_email.html", context)


@administrator_page
@require_safe
def rows(request: EmployeeRequest) -> HttpResponse:
    """The list by itself, as it is now."""
    return render(request, "settings/_outgoing_rows.html", _list(request))


@administrator_page
@require_POST
def cancel(request: EmployeeRequest, pk: int) -> HttpResponse:
    """Take a mail that waits out of the outbox."""
    return _do(request, pk, outbox.cancel, _("Cancelled. It will not be sent."))


@administrator_page
@require_POST
def retry(request: EmployeeRequest, pk: int) -> HttpResponse:
    """Send the same bytes again: a person has decided."""
    return _do(request, pk, outbox.send_again, _("It is queued again, with the same Message-ID."))


@administrator_page
@require_POST
def was_sent(request: EmployeeRequest, pk: int) -> HttpResponse:
    """A person found out that it arrived."""
    return _do(request, pk, outbox.was_sent, _("Marked as sent."))


@writer_page
@require_POST
def now(request: EmployeeRequest, pk: int) -> HttpResponse:
    """Let it leave at once; from its case, whoever writes may."""
    return _do(request, pk, outbox.send_now, _("It leaves now."))


@writer_page
@require_POST
def release(request: EmployeeRequest, pk: int) -> HttpResponse:
    """A held reply still fits."""
    return _do(request, pk, outbox.release, _("It leaves as planned."))


def _do(request: EmployeeRequest, pk: int, verb: Verb, done: str) -> HttpResponse:
    row = OutboundEmail.objects.filter(organisation_id=request.user.organisation_id, pk=pk).first()
    if row is None or not (request.user.is_administrator or (row.case and row.case.deleted_at is None)):
        raise Http404
    try:
        verb(row, by=request.user)
        messages.success(request, done)
    except CannotSendError as error:
        messages.error(request, str(error))
    if row.case is not None and "from_case" in request.POST:
        return redirect("case", row.case.number)
    return redirect("outgoing-email")


def _list(request: EmployeeRequest) -> dict[str, Any]:
    found = OutboundEmail.objects.filter(organisation_id=request.user.organisation_id)
    state, words = request.GET.get("state", ""), request.GET.get("q", "").replace("\0", "").strip()[:512]
    if state in OutboundState.values:
        found = found.filter(state=state)
    if words:
        found = found.filter(
            Q(message_identifier=identifier_of(words)) | Q(subject__icontains=words) | Q(recipients__icontains=words)
        )
    page = page_of(found.select_related("case", "mailbox", "created_by"), request.GET.get("after", ""))
    return {"page": page, "state": state, "q": words, "is_first": not request.GET.get("after")}
