"""Kept mail through today's code: nothing happens by looking, and what is applied comes out as if it were new."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from caseway.cases.errors import NotAllowedError
from caseway.cases.models import Attachment, Case, CaseCounter, Event, Message
from caseway.contacts.models import Contact
from caseway.intake.models import InboundEmail, InboundState
from caseway.intake.process import process_pending
from caseway.intake.receive import receive_piped
from caseway.intake.replay import Difference, apply, compare
from caseway.outbound.models import OutboundEmail
from tests.companies import Company
from tests.mails import mail

Arrive = Callable[..., InboundEmail]
CORPUS = sorted((Path(__file__).parents[1] / "corpus").glob("*.eml"))


def differences(company: Company) -> list[Difference]:
    rows = InboundEmail.objects.select_related("raw", "message__case", "case", "support_address", "mailbox")
    return list(compare(rows.order_by("pk"), company.organisation.pk))


def whats(company: Company) -> list[list[str]]:
    return [[change.what for change in one.changes] for one in differences(company)]


def everything() -> list[object]:
    counts = [kind.objects.count() for kind in (Case, Message, Contact, Event, OutboundEmail, Attachment)]
    rows = list(InboundEmail.objects.order_by("pk").values_list("state", "reason", "attempts", "case_id"))
    return [*counts, *rows, *CaseCounter.objects.values_list("next", flat=True)]


def test_the_same_code_makes_the_same_of_every_mail_and_looking_changes_nothing(company: Company) -> None:
    for file in CORPUS:
        receive_piped(company.organisation, file.read_bytes(), company.support.address)
    process_pending()
    before = everything()
    found = differences(company)
    assert [(one.inbound.subject, one.changes) for one in found] == []
    assert everything() == before


def test_a_text_that_was_read_badly_is_shown_and_mended(company: Company, arrive: Arrive) -> None:
    row = arrive(mail())
    assert row.message is not None
    right = row.message.new_text
    Message.objects.filter(pk=row.message.pk).update(new_text="broken", kind="list", from_email="x@y.example")
    assert whats(company) == [["New text", "Contact", "Verdict"]]
    sent = OutboundEmail.objects.count()
    assert "Rewritten" in apply(row, by=company.maya)
    message = Message.objects.get(pk=row.message.pk)
    assert (message.new_text, message.kind, message.from_email) == (right, "person", "parker@brightwater.example")
    assert whats(company) == [] and OutboundEmail.objects.count() == sent
    assert apply(row, by=company.maya) == "Nothing is to be changed."


def test_a_mail_in_the_wrong_case_moves_to_the_right_one(company: Company, arrive: Arrive) -> None:
    first = arrive(mail(subject="Poles"))
    wrong = arrive(mail(subject="Zips", text="another"))
    reply = arrive(mail(subject="Re: Poles", in_reply_to=f"<{first.message_identifier}>", text="more"))
    assert first.case is not None and wrong.case is not None and reply.case == first.case
    Message.objects.filter(pk=reply.message_id).update(case=wrong.case)
    InboundEmail.objects.filter(pk=reply.pk).update(case=wrong.case)
    [[what]] = whats(company)
    assert what == "Thread"
    assert apply(reply, by=company.maya) == f"Moved from {wrong.case.label} to {first.case.label}."
    message = Message.objects.get(pk=reply.message_id)
    assert message.case == first.case and "Moved here" in message.evidence
    assert whats(company) == []


def test_a_mail_that_joined_without_a_reason_gets_a_case_of_its_own(company: Company, arrive: Arrive) -> None:
    first, other = arrive(mail(subject="Poles")), arrive(mail(subject="Zips", text="another"))
    assert other.case is not None
    Message.objects.filter(pk=other.message_id).update(case=first.case)
    InboundEmail.objects.filter(pk=other.pk).update(case=first.case)
    other.case.delete()  # its acknowledgement named the mail, and would lead back there
    assert whats(company) == [["Thread"]]
    apply(other, by=company.maya)
    other.refresh_from_db()
    assert other.case not in {None, first.case} and other.case.number == 3
    assert whats(company) == []


def test_lost_files_are_found_again(company: Company, arrive: Arrive) -> None:
    row = arrive(
        mail(
            mime_version="1.0",
            content_type='multipart/mixed; boundary="b"',
            text='--b\n\nSee file.\n--b\nContent-Type: text/csv; name="a.csv"\n\n1;2\n--b--\n',
        )
    )
    assert row.message is not None and row.message.attachments.count() == 1
    row.message.attachments.all().delete()
    assert whats(company) == [["Files"]]
    apply(row, by=company.maya)
    assert [one.name for one in row.message.attachments.all()] == ["a.csv"]


def test_a_mail_that_was_ignored_wrongly_becomes_a_case_without_an_answer(company: Company, arrive: Arrive) -> None:
    row = arrive(mail(auto_submitted="auto-replied"))
    raw = arrive(mail()).raw
    OutboundEmail.objects.all().delete()
    Case.objects.all().delete()
    InboundEmail.objects.exclude(pk=row.pk).delete()
    InboundEmail.objects.filter(pk=row.pk).update(raw=raw)  # as if it had been misread
    [[outcome, verdict]] = whats(company)
    assert (outcome, verdict) == ("Outcome", "Verdict")
    assert not Case.objects.exists()
    assert "nothing is sent" in apply(row, by=company.maya)
    process_pending()
    row.refresh_from_db()
    assert row.state == InboundState.DELIVERED and Case.objects.count() == 1
    assert not OutboundEmail.objects.exists()


def test_only_administrators_apply(company: Company, arrive: Arrive) -> None:
    with pytest.raises(NotAllowedError):
        apply(arrive(mail()), by=company.dana)
