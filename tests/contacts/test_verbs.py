"""What is done to a contact: addresses, blocking, notes."""

from collections.abc import Callable

import pytest
from django.utils import timezone

from caseway.cases.models import Case
from caseway.contacts.errors import AddressTakenError, ContactError
from caseway.contacts.models import Contact
from caseway.intake.models import InboundEmail, InboundState
from tests.companies import Company
from tests.mails import mail

PERSON = Callable[..., Contact]


def test_the_first_address_is_the_one_written_to(company: Company, person: PERSON) -> None:
    parker = person("Parker", "a@x.example", "b@x.example")
    added = parker.add_address("c@x.example", by=company.dana)
    assert parker.email == "a@x.example"
    parker.put_first(added, by=company.dana)
    parker = Contact.objects.get()
    assert [row.email for row in parker.sorted_addresses] == ["c@x.example", "a@x.example", "b@x.example"]
    parker.remove_address(added, by=company.dana)
    assert Contact.objects.get().email == "a@x.example"


def test_an_address_stays_with_one_person(company: Company, person: PERSON) -> None:
    parker, kim = person("Parker", "a@x.example"), person("Kim")
    with pytest.raises(AddressTakenError, match="belongs to Parker") as error:
        kim.add_address("A@X.example", by=company.dana)
    assert error.value.owner == parker
    parker.add_address("A@x.example", by=company.dana)  # has it already
    assert parker.addresses.count() == 1


@pytest.mark.parametrize("email", ["", "parker", "a@b", "a b@x.example", "a@x.example, b@x.example"])
def test_what_is_no_address_is_refused(company: Company, person: PERSON, email: str) -> None:
    with pytest.raises(ContactError, match="no email address"):
        person("Parker").add_address(email, by=company.dana)


def test_a_light_agent_changes_nothing(company: Company, person: PERSON) -> None:
    parker = person("Parker")
    with pytest.raises(ContactError, match="Light agents"):
        parker.add_address("a@x.example", by=company.light)
    with pytest.raises(ContactError):
        parker.block(by=company.light)
    parker.refresh_from_db()
    assert not parker.addresses.exists()
    assert not parker.is_blocked


def test_a_bounced_address_is_tried_again(company: Company, person: PERSON) -> None:
    parker = person("Parker", "a@x.example")
    address = parker.addresses.get()
    address.bounced_at, address.bounce_reason = timezone.now(), "550 no such user"
    address.save()
    parker.try_again(address, by=company.dana)
    address.refresh_from_db()
    assert (address.bounced_at, address.bounce_reason) == (None, "")


def test_mail_of_a_blocked_contact_waits_in_the_mail_log(company: Company, arrive: Callable[..., InboundEmail]) -> None:
    arrive(mail(subject="Before"))
    parker = Contact.objects.get()
    parker.block(by=company.dana)
    row = arrive(mail(subject="While blocked"))
    assert (row.state, row.case) == (InboundState.IGNORED, None)
    assert "Parker Ehlers is blocked" in row.reason
    parker.unblock(by=company.dana)
    arrive(mail(subject="After"))
    assert set(Case.objects.values_list("subject", flat=True)) == {"Before", "After"}


def test_notes_say_who_wrote_them(company: Company, person: PERSON) -> None:
    parker = person("Parker")
    parker.write_notes("  Ask for the hut address.\0 ", by=company.dana)
    parker.refresh_from_db()
    assert (parker.notes, parker.notes_by) == ("Ask for the hut address.", company.dana)
