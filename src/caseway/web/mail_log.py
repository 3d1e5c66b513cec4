"""The mail log: every mail that reached a door of ours, what became of it and why, and what a person may decide."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from caseway.intake import decisions
from caseway.intake.counts import latest_lines
from caseway.intake.decisions import NotPossibleError
from caseway.intake.models import InboundEmail, InboundState, SenderRule
from caseway.intake.search import Filters, account_of, find, identifier_of, looks_like_identifier
from caseway.mail.model import Kind
from caseway.mailboxes.models import Mailbox
from caseway.outbound.models import Pause, PauseKind
from caseway.web.doors import EmployeeRequest, administrator_page
from caseway.web.paging import SIZE, key_of, page_of

TABS = (
    ("", gettext_lazy("All")),
    ("delivered", gettext_lazy("In a case")),
    ("ignored", gettext_lazy("Ignored")),
    ("held", gettext_lazy("Held")),
    ("pending", gettext_lazy("Waiting")),
    ("failed", gettext_lazy("Failed")),
    ("quarantined", gettext_lazy("Quarantined")),
)
KINDS = (
    (Kind.PERSON, gettext_lazy("Person")),
    (Kind.LIST, gettext_lazy("List")),
    (Kind.AUTO_REPLY, gettext_lazy("Automatic reply")),
    (Kind.BOUNCE, gettext_lazy("Bounce")),
    (Kind.DELAYED, gettext_lazy("Delay report")),
    (Kind.RECEIPT, gettext_lazy("Receipt")),
    (Kind.CALENDAR_REPLY, gettext_lazy("Calendar answer")),
    (Kind.FEEDBACK_REPORT, gettext_lazy("Complaint report")),
    (Kind.CHALLENGE, gettext_lazy("Challenge")),
    (Kind.SPAM, gettext_lazy("Spam")),
    (Kind.NO_SENDER, gettext_lazy("No sender")),
    (Kind.LOOP, gettext_lazy("Our own")),
)


@administrator_page
@require_safe
def mail_log(request: EmployeeRequest) -> HttpResponse:
    """Latest first. A Message-ID in `q` is answered in sentences above the list."""
    context = _list(request) | {
        "app": "cases",
        "section": "mail-log",
        "tabs": TABS,
        "lines": latest_lines(request.user.organisation_id),
        "kinds": KINDS,
        "mailboxes": Mailbox.objects.filter(organisation_id=request.user.organisation_id).order_by("address", "pk"),
        "rules": SenderRule.objects.filter(organisation_id=request.user.organisation_id)
        .select_related("created_by")
        .order_by("key"),
        "pauses": Pause.objects.active()
        .filter(organisation_id=request.user.organisation_id)
        .exclude(kind=PauseKind.SENDING),
    }
    return render(request, "settings/mail_log.html", context)


@administrator_page
@require_safe
def rows(request: EmployeeRequest) -> HttpResponse:
    """The list by itself, as it is now."""
    return render(request, "settings/_mail_log_rows.html", _list(request))


@administrator_page
@require_POST
def again(request: EmployeeRequest, pk: int) -> HttpResponse:
    """Process a mail again; what is in a case already stays as it is."""
    decisions.process_again(_find(request, pk))
    messages.success(request, _("The mail is processed again."))
    return _back(request)


@administrator_page
@require_POST
def make_case(request: EmployeeRequest, pk: int) -> HttpResponse:
    """A case of its own; acknowledged only when that was asked for."""
    try:
        decisions.make_case(_find(request, pk), by=request.user, acknowledge="acknowledge" in request.POST)
        messages.success(request, _("The mail becomes a case."))
    except NotPossibleError as error:
        messages.error(request, str(error))
    return _back(request)


@administrator_page
@require_POST
def ignore(request: EmployeeRequest) -> HttpResponse:
    """Keep and ignore the mail of an address or a domain from now on."""
    try:
        rule = decisions.ignore_sender(request.POST.get("sender", "")[:320], by=request.user)
        messages.success(request, _("Mail from %(key)s is ignored from now on.") % {"key": rule.key})
    except NotPossibleError as error:
        messages.error(request, str(error))
    return _back(request)


@administrator_page
@require_POST
def listen_again(request: EmployeeRequest, pk: int) -> HttpResponse:
    """Take a sender's mail again."""
    rule = SenderRule.objects.filter(organisation_id=request.user.organisation_id, pk=pk).first()
    if rule is None:
        raise Http404
    decisions.listen_again(rule, by=request.user)
    messages.success(request, _("Mail from %(key)s is taken again.") % {"key": rule.key})
    return _back(request)


@administrator_page
@require_POST
def resume(request: EmployeeRequest, pk: int) -> HttpResponse:
    """Let go on what Caseway paused."""
    pause = Pause.objects.filter(organisation_id=request.user.organisation_id, pk=pk).first()
    if pause is None:
        raise Http404
    released = decisions.resume(pause, by=request.user)
    if released:
        messages.success(request, _("Resumed. %(count)s held mails are processed.") % {"count": released})
    else:
        messages.success(request, _("Resumed."))
    return redirect("outgoing-email") if pause.kind == PauseKind.SENDING else _back(request)


def filters_of(request: EmployeeRequest) -> Filters:
    """The filters in the address; what cannot be read filters nothing."""
    values = request.GET
    state, mailbox = values.get("state", ""), values.get("mailbox", "")
    return Filters(
        states=(state,) if state in InboundState.values else (),
        mailbox=int(mailbox) if mailbox.isdecimal() and len(mailbox) < 18 else None,
        kind=values.get("kind", "") if values.get("kind") in list(Kind) else "",
        since=_day(values.get("since", "")),
        until=_day(values.get("until", "")),
        words=values.get("q", "").replace("\0", "").strip()[:512],
    )


def _list(request: EmployeeRequest) -> dict[str, Any]:
    organisation_id = request.user.organisation_id
    filters = filters_of(request)
    after = request.GET.get("after", "")
    found = find(organisation_id, filters, below=key_of(after), most=SIZE + 1)
    asked = looks_like_identifier(filters.words)
    if asked:
        found = InboundEmail.objects.filter(
            organisation_id=organisation_id, message_identifier=identifier_of(filters.words)
        )
    page = page_of(found.select_related("case", "mailbox", "support_address"), after)
    known = filters.words and "@" in filters.words and " " not in filters.words
    if known and not asked and not any(row.message_identifier == identifier_of(filters.words) for row in page.rows):
        known = not page.rows
    query = {name: value for name, value in request.GET.items() if value and name not in {"after", "state"}}
    state = filters.states[0] if filters.states else ""
    return {
        "page": page,
        "filters": filters,
        "state": state,
        "account": account_of(organisation_id, filters.words) if asked or known else [],
        "query": urlencode(query),
        "query_with_state": urlencode(query | ({"state": state} if state else {})),
        "is_first": not request.GET.get("after"),
    }


def _find(request: EmployeeRequest, pk: int) -> InboundEmail:
    row = InboundEmail.objects.filter(organisation_id=request.user.organisation_id, pk=pk).first()
    if row is None:
        raise Http404
    return row


def _back(request: EmployeeRequest) -> HttpResponse:
    """To the list as it was filtered."""
    query = request.POST.get("query", "")
    response = redirect("mail-log")
    if query and len(query) < 2000 and "\n" not in query and "\r" not in query:
        response["Location"] += "?" + query
    return response


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None
