"""One search answers for any Message-ID: received, delivered, ignored, failed, ours, or never seen."""

from __future__ import annotations

import datetime
from collections.abc import Callable

import pytest
from django.utils import timezone

from caseway.intake.decisions import ignore_sender
from caseway.intake.models import InboundEmail
from caseway.intake.receive import receive
from caseway.intake.search import Filters, account_of, find
from caseway.mailboxes.fetched import Fetched
from caseway.outbound.models import OutboundEmail
from tests.companies import Company
from tests.mails import mail

Arrive = Callable[..., InboundEmail]


def said(company: Company, identifier: str) -> str:
    return " ".join(account_of(company.organisation.pk, identifier))


def test_delivered(company: Company, arrive: Arrive) -> None:
    row = arrive(mail())
    sentence = said(company, f" <{row.message_identifier}> ")
    assert "Received on" in sentence and "by IMAP in support@fieldnote.example" in sentence
    assert "It is in CW-1." in sentence


def test_ignored_quarantined_and_repeated(company: Company, arrive: Arrive) -> None:
    ignore_sender("@spam.example", by=company.maya)
    row = arrive(mail(sender="x@spam.example"))
    assert "It was ignored. Mail from @spam.example is ignored" in said(company, row.message_identifier)
    row = arrive(mail(sender=""))
    assert "It is quarantined and waits for a person." in said(company, row.message_identifier)
    raw = mail()
    arrive(raw)
    row = arrive(raw)
    assert said(company, row.message_identifier).count("Received on") == 2


def test_waiting_to_be_read(company: Company) -> None:
    receive(company.mailbox, [Fetched("INBOX", 7, 1, mail(message_id="<early@x.example>"), timezone.now())])
    assert "It waits to be processed." in said(company, "early@x.example")


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("sent", "Sent."),
        ("queued", "leaves on"),
        ("failed", "It was refused. The server said: 550 no such user."),
        ("uncertain", "Nobody knows"),
        ("cancelled", "never sent"),
        ("held", "waits for a person"),
        ("sending", "being sent"),
    ],
)
def test_ours(company: Company, arrive: Arrive, state: str, words: str) -> None:
    arrive(mail())
    OutboundEmail.objects.update(state=state, server_words="550 no such user")
    sentence = said(company, f"Message-ID: <{OutboundEmail.objects.get().message_identifier}>")
    assert "It is ours: an acknowledgement in CW-1 to parker@brightwater.example." in sentence
    assert words in sentence


def test_never_seen(company: Company, arrive: Arrive) -> None:
    assert said(company, "<never@x.example>").startswith("Never seen:")
    arrive(mail(in_reply_to="<before@x.example>"))
    assert "A mail in CW-1 names it" in said(company, "before@x.example")
    assert "looks like" in said(company, "what is this")
    assert account_of(company.organisation.pk, "  <> ") == []


def test_filters(company: Company, arrive: Arrive) -> None:
    today = timezone.localdate()
    person, robot = arrive(mail()), arrive(mail(auto_submitted="auto-replied", sender="bot@x.example"))

    def found(**values: object) -> set[int]:
        return set(find(company.organisation.pk, Filters(**values)).values_list("pk", flat=True))  # type: ignore[arg-type]

    assert found() == {person.pk, robot.pk}
    assert found(states=["ignored"]) == found(kind="auto_reply") == found(words="bot@") == {robot.pk}
    assert found(words="TENT", kind="person") == {person.pk}
    assert found(mailbox=company.mailbox.pk) == found(since=today, until=today) == {person.pk, robot.pk}
    assert found(until=today - datetime.timedelta(days=1)) == found(mailbox=0) == set()
