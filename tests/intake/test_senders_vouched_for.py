"""DMARC: the receiving server's word on a sender counts, and nobody else's (RFC 8601 5, RFC 7489)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from caseway.cases.models import Case, EventKind, Message
from caseway.intake.models import InboundEmail, InboundState
from caseway.mailboxes.form import AccountForm
from caseway.mailboxes.management import update
from caseway.mailboxes.models import Mailbox
from caseway.outbound.models import OutboundEmail
from tests.companies import Company
from tests.mails import mail

Arrive = Callable[..., InboundEmail]
OURS, FORGED = "mx.fieldnote.example", "mx.else.example"


@pytest.fixture
def trusting(company: Company) -> Company:
    Mailbox.objects.filter(pk=company.mailbox.pk).update(trusted_authserv=OURS)
    return company


def outcome(row: InboundEmail) -> tuple[str, bool, int]:
    message = Message.objects.get(direction="in")
    return row.state, message.is_unverified, OutboundEmail.objects.count()


@pytest.mark.parametrize(
    ("results", "is_unverified"),
    [
        pytest.param(f"{OURS}; spf=pass; dmarc=fail header.from=brightwater.example", True, id="failed"),
        pytest.param(f"{OURS}; dmarc=pass", False, id="passed"),
        pytest.param(f"{OURS}; dkim=fail", False, id="says nothing of DMARC"),
        pytest.param(f"{FORGED}; dmarc=fail", False, id="somebody else says that it failed"),
        pytest.param("", False, id="nobody says anything"),
    ],
)
def test_a_sender_whose_dmarc_failed_gets_a_case_and_no_answer(
    trusting: Company, arrive: Arrive, results: str, is_unverified: bool
) -> None:
    row = arrive(mail(authentication_results=results))
    assert outcome(row) == (InboundState.DELIVERED, is_unverified, 0 if is_unverified else 1)
    if is_unverified:
        event = Case.objects.get().events.get(kind=EventKind.NOT_ACKNOWLEDGED)
        assert "DMARC" in event.data["reason"] or "verified" in event.data["reason"]


def test_a_forged_pass_below_the_servers_own_result_is_not_believed(trusting: Company, arrive: Arrive) -> None:
    raw = f"Authentication-Results: {OURS}; dmarc=fail\r\n".encode() + mail(
        authentication_results=f"{OURS}; dmarc=pass"
    )
    assert outcome(arrive(raw)) == (InboundState.DELIVERED, True, 0)


def test_without_a_trusted_server_nobody_is_believed(company: Company, arrive: Arrive) -> None:
    assert outcome(arrive(mail(authentication_results=f"{OURS}; dmarc=fail"))) == (InboundState.DELIVERED, False, 1)


def test_the_name_is_changed_without_authenticating_again(company: Company) -> None:
    form = AccountForm.of(company.support)
    update(
        company.support,
        AccountForm.from_json(form.to_json().replace('authserv": ""', f'authserv": "{OURS}"')),
        by=company.maya,
    )
    assert Mailbox.objects.get(pk=company.mailbox.pk).trusted_authserv == OURS
