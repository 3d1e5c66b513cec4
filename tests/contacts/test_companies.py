"""The company of a sender is known by the domain; free mail tells of none."""

from collections.abc import Callable

import pytest

from caseway.cases.customer_merging import merge_customers, undo_customer_merge
from caseway.cases.models import Case
from caseway.contacts.errors import ContactError
from caseway.contacts.free_mail import business_domain, name_of_company
from caseway.contacts.models import Contact, Customer
from caseway.intake.models import InboundEmail
from tests.companies import Company
from tests.mails import mail

ARRIVE = Callable[..., InboundEmail]


@pytest.mark.parametrize(
    ("email", "domain"),
    [
        ("parker@brightwater.example", "brightwater.example"),
        ("Parker@BRIGHTWATER.Example", "brightwater.example"),
        ("a@mail.brightwater.example", "brightwater.example"),
        ("a@eu.brightwater.example", "eu.brightwater.example"),
        ("a@kita-outdoor.co.jp", "kita-outdoor.co.jp"),
        ("someone@gmail.com", ""),
        ("someone@GMX.de", ""),
        ("someone@mail.yahoo.co.jp", ""),
        ("a@localhost", ""),
        ("a@[192.0.2.1]", ""),
        ("a@box.local", ""),
        ("no address", ""),
        ("", ""),
    ],
)
def test_which_domain_is_a_companys(email: str, domain: str) -> None:
    assert business_domain(email) == domain


@pytest.mark.parametrize(
    ("domain", "name"),
    [
        ("brightwater.example", "Brightwater"),
        ("kita-outdoor.co.jp", "Kita Outdoor"),
        ("eu.acme.com", "Acme"),
        ("xn--mller-kva.example", "Müller"),
    ],
)
def test_a_company_gets_a_first_name(domain: str, name: str) -> None:
    assert name_of_company(domain) == name


def test_mail_makes_the_company_once(company: Company, arrive: ARRIVE) -> None:
    arrive(mail(subject="One"))
    arrive(mail(sender="Kim Ito <kim@eu.brightwater.example>", subject="Two"))
    arrive(mail(sender="Nobody <nobody@gmail.com>", subject="Three"))
    brightwater = Customer.objects.get()
    assert (brightwater.name, brightwater.domain) == ("Brightwater", "brightwater.example")
    assert set(Contact.objects.values_list("name", "customer__name")) == {
        ("Parker Ehlers", "Brightwater"),
        ("Kim Ito", "Brightwater"),
        ("Nobody", None),
    }
    assert Case.objects.get(subject="Two").customer == brightwater


def test_two_companies_that_are_one(company: Company, arrive: ARRIVE) -> None:
    arrive(mail(subject="One"))
    arrive(mail(sender="Kim <kim@brightwater.co.uk>", subject="Two"))
    kept, gone = Customer.objects.order_by("pk")
    merge = merge_customers(kept, gone, by=company.dana)
    assert set(Contact.objects.values_list("customer", flat=True)) == {kept.pk}
    assert set(Case.objects.values_list("customer", flat=True)) == {kept.pk}
    assert kept.domains == ["brightwater.example", "brightwater.co.uk"]
    arrive(mail(sender="Lee <lee@brightwater.co.uk>", subject="Three"))  # its domain leads on
    assert Contact.objects.get(name="Lee").customer == kept

    undo_customer_merge(merge, by=company.dana)
    gone.refresh_from_db()
    assert (gone.merged_into, gone.domain) == (None, "brightwater.co.uk")
    assert Contact.objects.get(name="Kim").customer == gone
    assert Contact.objects.get(name="Lee").customer == kept  # came since, and stays
    with pytest.raises(ContactError, match="undone already"):
        undo_customer_merge(merge, by=company.dana)


def test_a_company_without_a_domain_takes_the_others(company: Company, arrive: ARRIVE) -> None:
    arrive(mail())
    kept = Customer.objects.create(organisation=company.organisation, name="Brightwater Guides")
    merge = merge_customers(kept, Customer.objects.get(domain="brightwater.example"), by=company.dana)
    kept.refresh_from_db()
    assert kept.domain == "brightwater.example"
    undo_customer_merge(merge, by=company.dana)
    kept.refresh_from_db()
    assert kept.domain == ""
    assert Customer.objects.get(domain="brightwater.example").pk != kept.pk
