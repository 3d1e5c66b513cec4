"""Fixtures of a company and of mail that arrives there."""

import datetime
from collections.abc import Callable, Iterator

import pytest
from django.utils import timezone

from caseway.accounts.scope import organisation_scope
from caseway.intake.models import InboundEmail
from caseway.intake.process import process_pending
from caseway.intake.receive import receive
from caseway.mailboxes.fetched import Fetched
from caseway.mailboxes.models import Mailbox
from tests.companies import Company, make_company


@pytest.fixture
def company(db: None) -> Iterator[Company]:
    company = make_company()
    with organisation_scope(company.organisation.pk):
        yield company


@pytest.fixture
def arrive(company: Company) -> Callable[..., InboundEmail]:
    """Let a mail arrive in the support mailbox and be processed: `arrive(raw)` returns its row in the ledger."""
    uids = iter(range(1, 100_000))

    def one(
        raw: bytes,
        mailbox: Mailbox | None = None,
        uid: int = 0,
        is_history: bool = False,
        received_at: datetime.datetime | None = None,
    ) -> InboundEmail:
        box = mailbox or company.mailbox
        number = uid or next(uids)
        fetched = Fetched("INBOX", 7, number, raw, received_at or timezone.now(), is_history)
        receive(box, [fetched])
        process_pending()
        return InboundEmail.objects.get(mailbox=box, uid=number)

    return one
