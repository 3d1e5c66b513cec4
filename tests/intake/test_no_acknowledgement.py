"""Mail that a machine wrote, or that may not be what it says: what becomes of it, and that it is answered by nobody."""

from collections.abc import Callable

import pytest

from caseway.cases.models import Case, EventKind, Status
from caseway.contacts.models import ContactAddress
from caseway.intake.models import InboundEmail, InboundState
from caseway.outbound.models import OutboundEmail
from tests.companies import Company, make_company
from tests.mails import mail

Arrive = Callable[..., InboundEmail]

DELIVERED, IGNORED, QUARANTINED = InboundState.DELIVERED, InboundState.IGNORED, InboundState.QUARANTINED


@pytest.mark.parametrize(
    ("raw", "state", "cases", "acknowledged"),
    [
        pytest.param(mail(), DELIVERED, 1, 1, id="a person"),
        pytest.param(mail(auto_submitted="no; x=1"), DELIVERED, 1, 1, id="Auto-Submitted no with a parameter"),
        pytest.param(mail(sender="support@fieldnote.example"), IGNORED, 0, 0, id="from our own mailbox"),
        pytest.param(mail(auto_submitted="auto-replied"), IGNORED, 0, 0, id="auto-reply without a case"),
        pytest.param(mail(return_path="<>", sender="MAILER-DAEMON@x.example"), IGNORED, 0, 0, id="null sender"),
        pytest.param(mail(list_id="News <news.x.example>"), DELIVERED, 1, 0, id="list"),
        pytest.param(mail(precedence="bulk"), DELIVERED, 1, 0, id="bulk"),
        pytest.param(mail(x_auto_response_suppress="All"), DELIVERED, 1, 0, id="asks for no auto-reply"),
        pytest.param(mail(subject="Automatic reply: on holiday"), DELIVERED, 1, 0, id="out of office by subject only"),
        pytest.param(mail(sender="noreply@shop.example"), DELIVERED, 1, 0, id="no-reply sender"),
        pytest.param(mail(sender="a@x.example, b@y.example"), DELIVERED, 1, 0, id="two senders"),
        pytest.param(mail(sender="victim@good.example <evil@bad.example>"), DELIVERED, 1, 0, id="address as a name"),
        pytest.param(mail(sender=""), QUARANTINED, 0, 0, id="no sender"),
        pytest.param(mail(sender="undisclosed:;"), QUARANTINED, 0, 0, id="an empty group as sender"),
    ],
)
def test_outcome(arrive: Arrive, raw: bytes, state: str, cases: int, acknowledged: int) -> None:
    row = arrive(raw)
    assert (row.state, Case.objects.count(), OutboundEmail.objects.count()) == (state, cases, acknowledged), row.reason
    assert row.reason


def test_the_copy_of_our_own_answer_makes_nothing(company: Company, arrive: Arrive) -> None:
    arrive(mail())
    sent = OutboundEmail.objects.get()
    row = arrive(sent.raw.content())
    assert row.state == IGNORED
    assert Case.objects.count() == 1 and Case.objects.get().messages.count() == 2


def test_an_auto_reply_to_us_is_shown_in_the_case_and_changes_nothing(company: Company, arrive: Arrive) -> None:
    arrive(mail())
    sent = OutboundEmail.objects.get()
    case = Case.objects.get()
    case.set_status(Status.WAITING, by=company.maya)
    row = arrive(mail(auto_submitted="auto-replied", in_reply_to=f"<{sent.message_identifier}>"))
    case.refresh_from_db()
    assert row.state == DELIVERED and case.status == Status.WAITING
    assert case.events.filter(kind=EventKind.AUTOMATIC_MAIL).count() == 1
    assert OutboundEmail.objects.count() == 1


def bounce_of(identifier: str) -> bytes:
    text = (
        "--b\n\nYour message could not be delivered.\n\n"
        "--b\nContent-Type: message/delivery-status\n\n"
        "Reporting-MTA: dns; mx.x.example\n\nFinal-Recipient: rfc822; parker@brightwater.example\n"
        "Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 no such user\n\n"
        f"--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <{identifier}>\nSubject: Re: x\n\n--b--\n"
    )
    return mail(
        sender="Mail Delivery System <MAILER-DAEMON@x.example>",
        subject="Undelivered Mail Returned to Sender",
        text=text,
        return_path="<>",
        content_type='multipart/report; report-type=delivery-status; boundary="b"',
        mime_version="1.0",
        auto_submitted="auto-replied",
    )


def test_a_bounce_finds_the_mail_that_bounced_and_marks_the_address(arrive: Arrive) -> None:
    arrive(mail())
    row = arrive(bounce_of(OutboundEmail.objects.get().message_identifier))
    case = Case.objects.get()
    assert row.state == DELIVERED and row.case == case, row.reason
    assert case.events.get(kind=EventKind.BOUNCED).data["status"] == "5.1.1"
    assert ContactAddress.objects.get().bounced_at is not None
    assert case.status == Status.NEW and OutboundEmail.objects.count() == 1


def test_a_forged_bounce_makes_nothing(arrive: Arrive) -> None:
    arrive(mail())
    row = arrive(bounce_of("cw.forged@fieldnote.example"))
    assert row.state == IGNORED
    assert not Case.objects.get().events.filter(kind=EventKind.BOUNCED).exists()


def test_twenty_mails_from_an_address_that_changes_each_time_get_at_most_ten_answers(arrive: Arrive) -> None:
    for number in range(20):
        arrive(mail(sender=f"robot{number}@loop.example"))
    assert Case.objects.count() == 20
    assert OutboundEmail.objects.count() == 10
    last = Case.objects.get(number=20).events.get(kind=EventKind.NOT_ACKNOWLEDGED)
    assert "loop.example" in last.data["reason"]


def test_a_sender_that_writes_again_and_again_is_answered_ten_times_an_hour(arrive: Arrive) -> None:
    for number in range(14):
        arrive(mail(subject=f"Matter {number}"))
    assert OutboundEmail.objects.count() == 10


def test_a_person_of_another_organisation_here_gets_a_case(arrive: Arrive) -> None:
    make_company("other", "other.example")
    row = arrive(mail(sender="maya@other.example"))
    assert row.state == DELIVERED


def test_an_answer_from_another_mail_program_joins_as_ours(company: Company, arrive: Arrive) -> None:
    question = arrive(mail())
    row = arrive(
        mail(
            sender="Support <support@fieldnote.example>",
            to="parker@brightwater.example",
            cc="support@fieldnote.example",
            in_reply_to=f"<{question.message_identifier}>",
        )
    )
    assert row.state == DELIVERED, row.reason
    assert row.message is not None and row.message.direction == "out"
    assert Case.objects.count() == 1 and OutboundEmail.objects.count() == 1
