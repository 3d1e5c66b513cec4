"""The demo's first page: the sign-in, and a test mail whose way can be watched."""

from __future__ import annotations

import json
import smtplib
import time
import uuid
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, formataddr
from typing import Any

from django import forms
from django.conf import settings
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from caseway.accounts.scope import every_organisation
from caseway.cases.models import EventKind
from caseway.intake.models import InboundEmail, InboundState
from caseway.mailboxes.models import SupportAddress
from caseway.outbound.models import OutboundEmail, OutboundKind
from caseway.web.models import Attempt
from caseway.web.sentences import begun, tell_alone

TEST_MAIL = "@test.caseway.demo"
"""What the Message-IDs of test mails end in. They begin with the moment of sending, in milliseconds."""
MOST_TEST_MAILS = 60
SMTP_SECONDS = 10


class TestMailForm(forms.Form):
    name = forms.CharField(label=_("From"), max_length=100)
    subject = forms.CharField(label=_("Subject"), max_length=200)
    text = forms.CharField(label=_("Message"), max_length=5000, widget=forms.Textarea(attrs={"rows": 3}))


STARTING_VALUES = {
    "name": "Parker Ehlers",
    "subject": "Tent pole snapped on first use",
    "text": "Hello, the main pole broke at the second joint. Can you help before Friday?",
}


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """My Cases; in the demo its first page for whoever is not signed in."""
    is_first = settings.CASEWAY_DEMO and not request.user.is_authenticated
    return redirect("welcome" if is_first else "cases")


@require_safe
def welcome(request: HttpRequest) -> HttpResponse:
    """In the demo only. Who can open it can sign in: the demo listens on this machine."""
    demo = _demo()
    sent = request.GET.get("sent", "")
    context = {"demo": demo, "form": TestMailForm(initial=STARTING_VALUES), "address": _address(demo), "sent": sent}
    return render(request, "first_run/welcome.html", context | _steps(sent))


@require_POST
def test_mail(request: HttpRequest) -> HttpResponse:
    """Send the mail by SMTP to the demo's own server, as any mail program would."""
    demo = _demo()
    form = TestMailForm(request.POST)
    problem = ""
    if form.is_valid():
        if Attempt.too_many("test-mail", "demo", MOST_TEST_MAILS):
            problem = _("That was a lot of test mail. Wait a quarter of an hour.")
        else:
            identifier = f"{time.time_ns() // 1_000_000}.{uuid.uuid4().hex}{TEST_MAIL}"
            try:
                _send(demo, form.cleaned_data, identifier)
                return redirect(f"{request.path.removesuffix('/test-mail')}?sent={identifier}#steps")
            except (OSError, smtplib.SMTPException) as error:
                problem = _("The demo's mail server did not take it: %(error)s") % {"error": error}
    context = {"demo": demo, "form": form, "address": _address(demo), "problem": problem}
    return render(request, "first_run/welcome.html", context | _steps(""), status=422)


@require_safe
def steps(request: HttpRequest) -> HttpResponse:
    """The four steps as far as they have come."""
    demo = _demo()
    return render(request, "first_run/_steps.html", {"demo": demo} | _steps(request.GET.get("sent", "")))


@require_safe
def sample(request: HttpRequest) -> HttpResponse:
    """How far the sample company is."""
    _demo()
    return render(request, "parts/sample_progress.html", {"is_asked": True})


def _demo() -> dict[str, Any]:
    if not settings.CASEWAY_DEMO:
        raise Http404
    try:
        values = json.loads((settings.DATA / "demo.json").read_text())
    except (OSError, ValueError):
        raise Http404 from None
    return dict(values)


def _address(demo: dict[str, Any]) -> SupportAddress | None:
    with every_organisation():
        rows = SupportAddress.objects.select_related("mailbox", "assigned_employee")
        return rows.filter(address=demo.get("support_address"), deleted_at=None).first()


def _send(demo: dict[str, Any], values: dict[str, str], identifier: str) -> None:
    message = EmailMessage()
    sender = str(demo.get("customer", {}).get("address", "parker@brightwater.example"))
    message["From"] = formataddr((" ".join(values["name"].split()), sender))
    message["To"] = str(demo["support_address"])
    message["Subject"] = " ".join(values["subject"].split())
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = f"<{identifier}>"
    message.set_content(values["text"])
    with smtplib.SMTP(str(demo["smtp"]["host"]), int(demo["smtp"]["port"]), timeout=SMTP_SECONDS) as server:
        server.send_message(message)


def _steps(sent: str) -> dict[str, Any]:
    """What the ledger says of the mail with that Message-ID."""
    if not sent.endswith(TEST_MAIL):
        return {"steps": [], "sent": ""}
    with every_organisation():
        # a mail that still waits has no Message-ID in its row yet
        row = (
            InboundEmail.objects.select_related("case", "case__contact", "case__assigned_employee")
            .filter(Q(message_identifier=sent))
            .first()
        )
        case = row.case if row else None
        mail = OutboundEmail.objects.filter(case=case, kind=OutboundKind.ACKNOWLEDGEMENT).first() if case else None
        event = case.events.filter(kind=EventKind.NOT_ACKNOWLEDGED).first() if case and mail is None else None
    was_answered = mail is not None and mail.state == "sent"
    opened = case.created_at if case else None
    contact = case.contact.name if case and case.contact else ""
    told = [
        (_("Received over IMAP"), row.kept_at if row else None),
        (_("Contact %(name)s") % {"name": contact}, opened),
        (_assigned_words(case), opened),
        (
            begun(tell_alone(event)) if event else _("Acknowledgement sent"),
            (mail.sent_at or mail.created_at) if mail and was_answered else None,
        ),
    ]
    first_open = next((index for index, (_title, at) in enumerate(told) if at is None), len(told))
    steps = [
        {
            "title": title,
            "state": "ok" if at else "run" if index == first_open and not event else "wait",
            "milliseconds": _since(sent, at),
        }
        for index, (title, at) in enumerate(told)
    ]
    refused = row is not None and row.state in {InboundState.IGNORED, InboundState.QUARANTINED} and case is None
    return {
        "steps": steps,
        "sent": sent,
        "case": case,
        "is_done": was_answered or event is not None,
        "refused": row if refused else None,
    }


def _since(sent: str, at: datetime | None) -> int | None:
    """Milliseconds from the sending of the mail with this Message-ID."""
    digits = sent.partition(".")[0]
    if at is None or not digits.isdecimal():
        return None
    return max(0, round(at.timestamp() * 1000) - int(digits))


def _assigned_words(case: Any) -> str:
    if case is None:
        return _("Case, assigned by itself")
    name = case.assigned_employee.name if case.assigned_employee else _("nobody")
    return _("Case %(label)s assigned to %(name)s") % {"label": case.label, "name": name}
