"""Two contacts that are one person become one, and two again."""

from collections.abc import Callable

import pytest

from caseway.cases.contact_merging import merge_contacts, undo_contact_merge
from caseway.cases.errors import NotAllowedError
from caseway.cases.models import Case, EventKind, Message
from caseway.contacts.errors import ContactError
from caseway.contacts.models import Contact, ContactAddress
from caseway.intake.models import InboundEmail
from tests.companies import Company
from tests.mails import mail

ARRIVE = Callable[..., InboundEmail]


@pytest.fixture
def two(company: Company, arrive: ARRIVE) -> tuple[Contact, Contact]:
    """Parker wrote from work and from home."""
    arrive(mail(subject="From work"))
    arrive(mail(sender="P. Ehlers <parker@gmail.com>", subject="From home"))
    work, home = Contact.objects.order_by("pk")
    home.phone, home.notes = "+1 555 0142", "Call after six."
    home.save()
    return work, home


def test_everything_moves(company: Company, two: tuple[Contact, Contact], arrive: ARRIVE) -> None:
    work, home = two
    merge_contacts(work, home, by=company.dana)
    work.refresh_from_db()
    home.refresh_from_db()
    assert home.merged_into == work
    assert [row.email for row in work.sorted_addresses] == ["parker@brightwater.example", "parker@gmail.com"]
    assert (work.phone, work.notes, work.name) == ("+1 555 0142", "Call after six.", "Parker Ehlers")
    assert set(Case.objects.values_list("contact", flat=True)) == {work.pk}
    assert set(Message.objects.filter(direction="in").values_list("contact", flat=True)) == {work.pk}
    case = Case.objects.get(subject="From home")
    assert case.events.get(kind=EventKind.CONTACT).data == {"before": "P. Ehlers", "after": "Parker Ehlers"}
    arrive(mail(sender="P. Ehlers <parker@gmail.com>", subject="Again from home"))
    assert Case.objects.get(subject="Again from home").contact == work


def test_what_a_person_chose_stays(company: Company, two: tuple[Contact, Contact]) -> None:
    work, home = two
    merge_contacts(work, home, by=company.dana, values={"name": home.name})
    work.refresh_from_db()
    assert work.name == "P. Ehlers"


def test_undo_gives_back_what_moved_and_keeps_what_came_since(
    company: Company, two: tuple[Contact, Contact], arrive: ARRIVE
) -> None:
    work, home = two
    merge = merge_contacts(work, home, by=company.dana)
    arrive(mail(sender="P. Ehlers <parker@gmail.com>", subject="Since then"))
    Contact.objects.filter(pk=work.pk).update(job_title="Lead guide")
    undo_contact_merge(merge, by=company.maya)
    work.refresh_from_db()
    home.refresh_from_db()
    assert home.merged_into is None
    assert home.email == "parker@gmail.com"
    assert work.email == "parker@brightwater.example"
    assert (work.phone, work.notes, work.job_title) == ("", "", "Lead guide")
    assert Case.objects.get(subject="From home").contact == home
    assert Case.objects.get(subject="Since then").contact == work
    with pytest.raises(ContactError, match="undone already"):
        undo_contact_merge(merge, by=company.maya)


def test_a_chain_of_merges_leads_to_the_last(company: Company, two: tuple[Contact, Contact], person: Callable) -> None:
    work, home = two
    last = person("Parker J. Ehlers", "pje@brightwater.example")
    first = merge_contacts(work, home, by=company.dana)
    second = merge_contacts(last, work, by=company.dana)
    home.refresh_from_db()
    assert home.merged_into == last
    assert ContactAddress.objects.filter(contact=last).count() == 3
    with pytest.raises(ContactError, match="merged again since"):
        undo_contact_merge(first, by=company.dana)
    undo_contact_merge(second, by=company.dana)
    undo_contact_merge(first, by=company.dana)
    assert set(Contact.objects.filter(merged_into=None)) == {work, home, last}


def test_what_is_merged_or_the_same_is_refused(company: Company, two: tuple[Contact, Contact]) -> None:
    work, home = two
    with pytest.raises(ContactError):
        merge_contacts(work, work, by=company.dana)
    with pytest.raises(NotAllowedError):
        merge_contacts(work, home, by=company.light)
    merge_contacts(work, home, by=company.dana)
    with pytest.raises(ContactError):
        merge_contacts(work, home, by=company.dana)
