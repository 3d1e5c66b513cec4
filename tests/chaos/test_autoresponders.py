"""Caseway's acknowledgement meets a machine that answers everything: it ends by itself."""

from collections.abc import Callable
from email import message_from_bytes

import pytest

from caseway.intake.models import InboundEmail
from caseway.outbound.models import OutboundEmail
from tests.companies import Company
from tests.mails import mail

ROBOT = "away@brightwater.example"
MACHINES = {
    "marks its answers": {"auto_submitted": "auto-replied"},
    "marks them as a vacation": {"x_autoreply": "yes", "precedence": "bulk"},
    "marks nothing, keeps the thread": {},
}


@pytest.mark.parametrize("machine", MACHINES)
def test_two_autoresponders_stop_after_two_messages(
    company: Company, arrive: Callable[..., InboundEmail], machine: str
) -> None:
    """The machine's owner asks something; then the machine answers whatever comes, at once and for ever."""
    arrive(mail(sender=ROBOT))
    answered: set[int] = set()
    exchanged = 0
    for _ in range(20):
        news = [one for one in OutboundEmail.objects.all() if one.pk not in answered]
        for one in news:
            answered.add(one.pk)
            received = message_from_bytes(one.raw.content())
            exchanged += 2
            headers = {"in_reply_to": received["Message-ID"], **MACHINES[machine]}
            arrive(mail(sender=ROBOT, subject=f"Away: {received['Subject']}", text="I am away.", **headers))
        if not news:
            break
    assert exchanged == 2, "the acknowledgement and the machine's one answer"
