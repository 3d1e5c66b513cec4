"""One mail that ends the process that reads it, among a hundred."""

import pytest
from django.utils import timezone

from caseway.accounts import presence
from caseway.cases.models import Case
from caseway.intake import process as process_module
from caseway.intake.models import MOST_ATTEMPTS, InboundEmail, InboundState
from caseway.intake.process import process_pending
from caseway.intake.receive import receive_piped
from tests.companies import Company
from tests.mails import mail


class Death(BaseException):
    """No handler catches it: as if the process were gone."""


@pytest.mark.django_db(transaction=True)
def test_a_mail_that_kills_its_reader_delays_none_of_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    from caseway.accounts.scope import organisation_scope
    from tests.companies import make_company

    company: Company = make_company()
    right = process_module.read

    def deadly(raw: bytes, *rest: object) -> object:
        if b"Subject: poison" in raw:
            raise Death
        return right(raw, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(process_module, "read", deadly)
    monkeypatch.setattr(presence, "number", lambda: 4711)  # of a process that no lock vouches for
    for number in range(100):
        receive_piped(company.organisation, mail(subject="poison" if number == 50 else f"fine {number}"))
    deaths = 0
    cases_after: list[int] = []
    with organisation_scope(company.organisation.pk):
        while InboundEmail.objects.filter(state=InboundState.PENDING).exists():
            try:
                process_pending()
                InboundEmail.objects.filter(claimed_by=None).update(next_attempt_at=timezone.now())
            except Death:
                deaths += 1
            cases_after.append(Case.objects.count())
        poison = InboundEmail.objects.exclude(state=InboundState.DELIVERED).get()
        assert poison.state == InboundState.QUARANTINED and poison.raw.content().count(b"poison")
    assert deaths == MOST_ATTEMPTS
    assert cases_after[2] == 99, f"the others waited for more than two deaths: {cases_after}"
