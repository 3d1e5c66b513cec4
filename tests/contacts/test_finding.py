"""Contacts are found by name, address, company and phone, in their organisation alone, by the index."""

from collections.abc import Callable

import pytest
from django.db import connection

from caseway.accounts.scope import every_organisation, organisation_scope
from caseway.contacts import lists
from caseway.contacts.lists import Filters
from caseway.contacts.models import Contact, Customer
from tests.companies import Company, make_company

PERSON = Callable[..., Contact]


def found(company: Company, words: str) -> list[str]:
    return [row.name for row in lists.page(company.organisation.pk, words).rows]


@pytest.fixture
def people(company: Company, person: PERSON) -> None:
    guides = Customer.objects.create(organisation=company.organisation, name="Brightwater Guides")
    person("Parker Ehlers", "parker@brightwater.example", customer=guides, phone="+43 512 555 0142")
    person("Élodie Garnier", "elodie@refugedulac.example")
    person("田中 美咲", "misaki@kita-outdoor.example")
    person("100%_sure", "percent@x.example")


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("parker", "Parker Ehlers"),
        ("EHL", "Parker Ehlers"),
        ("ehlers parker", "Parker Ehlers"),
        ("brightwater.ex", "Parker Ehlers"),
        ("guides", "Parker Ehlers"),
        ("5125550142", "Parker Ehlers"),
        ("+43 512", "Parker Ehlers"),
        ("pa", "Parker Ehlers"),
        ("elodie", "Élodie Garnier"),
        ("ÉLODIE", "Élodie Garnier"),
        ("田中", "田中 美咲"),
        ("100%", "100%_sure"),
    ],
)
def test_words_find(company: Company, people: None, words: str, name: str) -> None:
    assert found(company, words) == [name]


@pytest.mark.parametrize("words", ["parker garnier", "arker%garn", "x'; DROP TABLE", "\\", "zzz", "_____"])
def test_words_that_find_nobody(company: Company, people: None, words: str) -> None:
    assert found(company, words) == []


def test_what_changes_is_found_anew(company: Company, people: None) -> None:
    parker = Contact.objects.get(name="Parker Ehlers")
    parker.name = "Parker Miller"
    parker.save()
    parker.add_address("pm@else.example", by=company.dana)
    assert found(company, "ehlers") == []
    assert found(company, "miller else") == ["Parker Miller"]
    Customer.objects.update(name="Hut Company")
    assert found(company, "hut miller") == ["Parker Miller"]
    parker.delete()
    assert found(company, "miller") == []


def test_nobody_of_another_organisation_is_found(company: Company, people: None) -> None:
    other = make_company("northwind", "northwind.example")
    with organisation_scope(other.organisation.pk):
        assert found(other, "parker") == []
        with connection.cursor() as cursor:
            cursor.execute("SELECT contacts_matching('parker', 10)")
            assert cursor.fetchall() == []
    with every_organisation(), connection.cursor() as cursor:
        cursor.execute("SELECT contacts_matching('parker', 10)")
        assert len(cursor.fetchall()) == 1


def test_the_trigram_index_serves_behind_the_wall(company: Company, people: None) -> None:
    scans = (
        "SELECT pg_stat_get_xact_numscans('contact_search_text'::regclass),"
        " pg_stat_get_xact_numscans('contacts_contactsearch'::regclass)"
    )
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")  # so few rows would be read whole
        cursor.execute(scans)
        index, whole = cursor.fetchone()
        cursor.execute("SELECT contacts_matching('parker', 10)")
        cursor.execute(scans)
        assert cursor.fetchone() == (index + 1, whole)


def test_pages_follow_each_other_without_gaps(company: Company, person: PERSON) -> None:
    for number in range(25):
        person(f"Same name {number % 3}", f"n{number}@x.example")
    seen, after = [], ""
    while True:
        page = lists.page(company.organisation.pk, after=after, size=4)
        seen += [row.pk for row in page.rows]
        after = page.next
        if not after:
            break
    assert len(seen) == len(set(seen)) == 25


def test_filters(company: Company, people: None, arrive: Callable[..., object]) -> None:
    from tests.mails import mail

    arrive(mail())
    parker = Contact.objects.get(name="Parker Ehlers")
    Contact.objects.get(name="Élodie Garnier").block(by=company.dana)

    def names(filters: Filters) -> list[str]:
        return [row.name for row in lists.page(company.organisation.pk, filters=filters).rows]

    assert names(Filters(has_open_cases=True)) == ["Parker Ehlers"]
    assert names(Filters(is_blocked=True)) == ["Élodie Garnier"]
    assert names(Filters(customer=parker.customer_id)) == ["Parker Ehlers"]
    assert [row.name for row in lists.recent(company.organisation.pk, Filters()).rows] == ["Parker Ehlers"]
    parker.cases.get().close(by=company.dana)
    assert names(Filters(has_open_cases=True)) == []
