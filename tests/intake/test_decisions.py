"""What people decide about mail in the log: make a case of it, or hear no more from a sender."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from caseway.cases.errors import NotAllowedError
from caseway.cases.models import Case
from caseway.intake.decisions import NotPossibleError, ignore_sender, listen_again, make_case, process_again
from caseway.intake.models import InboundEmail, InboundState, SenderRule
from caseway.intake.process import process_pending
from caseway.outbound.models import OutboundEmail
from tests.companies import Company
from tests.mails import mail

Arrive = Callable[..., InboundEmail]


def decided(row: InboundEmail, company: Company, **values: bool) -> InboundEmail:
    make_case(row, by=company.maya, **values)
    process_pending()
    row.refresh_from_db()
    return row


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(mail(auto_submitted="auto-replied"), id="an automatic mail"),
        pytest.param(mail(sender=""), id="no sender"),
        pytest.param(mail(sender="support@fieldnote.example"), id="from our own address"),
        pytest.param(mail(return_path="<>", sender="MAILER-DAEMON@x.example"), id="a bounce"),
    ],
)
def test_a_case_is_made_anyway_and_nothing_is_sent(company: Company, arrive: Arrive, raw: bytes) -> None:
    row = arrive(raw)
    assert row.state in {InboundState.IGNORED, InboundState.QUARANTINED}
    row = decided(row, company)
    assert row.state == InboundState.DELIVERED and row.case is not None, row.reason
    assert "Maya" in row.reason
    assert not OutboundEmail.objects.exists()


def test_it_is_acknowledged_when_asked_for(company: Company, arrive: Arrive) -> None:
    decided(arrive(mail(auto_submitted="auto-replied")), company, acknowledge=True)
    assert OutboundEmail.objects.get().recipients == ["parker@brightwater.example"]


def test_a_repeat_becomes_a_case_of_its_own_when_a_person_wants_it(company: Company, arrive: Arrive) -> None:
    raw = mail()
    arrive(raw)
    again = arrive(raw)
    assert again.state == InboundState.IGNORED
    assert decided(again, company).state == InboundState.DELIVERED
    assert Case.objects.count() == 2


def test_what_is_in_a_case_is_not_made_again(company: Company, arrive: Arrive) -> None:
    row = arrive(mail())
    with pytest.raises(NotPossibleError, match="already"):
        make_case(row, by=company.maya)
    process_again(row)
    process_pending()
    assert Case.objects.count() == 1


def test_an_agent_does_not_decide(company: Company, arrive: Arrive) -> None:
    with pytest.raises(NotAllowedError):
        make_case(arrive(mail(auto_submitted="auto-replied")), by=company.dana)


@pytest.mark.parametrize("who", ["PARKER@brightwater.example", "@brightwater.example"])
def test_an_ignored_sender_is_kept_and_makes_nothing(company: Company, arrive: Arrive, who: str) -> None:
    rule = ignore_sender(who, by=company.maya)
    row = arrive(mail())
    assert row.state == InboundState.IGNORED
    assert who.lower() in row.reason and "Maya" in row.reason
    listen_again(rule, by=company.maya)
    process_again(row)
    process_pending()
    row.refresh_from_db()
    assert row.state == InboundState.DELIVERED
    assert arrive(mail(subject="Next")).state == InboundState.DELIVERED


@pytest.mark.parametrize(
    "who", ["", "nonsense", "@", "@x", "support@fieldnote.example", "@fieldnote.example", "a b@c.d"]
)
def test_what_cannot_be_ignored_is_said(company: Company, who: str) -> None:
    with pytest.raises(NotPossibleError):
        ignore_sender(who, by=company.maya)
    assert not SenderRule.objects.exists()


def test_another_domain_that_ends_alike_is_not_ignored(company: Company, arrive: Arrive) -> None:
    ignore_sender("@water.example", by=company.maya)
    assert arrive(mail()).state == InboundState.DELIVERED
