"""Search: what is found, in which order, by whom. Everything through the real intake and the application's role."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from caseway.accounts.scope import every_organisation, organisation_scope
from caseway.cases.models import Attachment, Case, Message, SearchDocument
from caseway.cases.opening import open_by_hand
from caseway.cases.search import find, find_contacts, within
from caseway.cases.search.find import WINDOW
from caseway.contacts.models import Contact, ContactAddress, Customer
from caseway.intake.models import InboundEmail
from tests.companies import Company, make_company
from tests.mails import mail

Arrive = Callable[..., InboundEmail]


def numbers(company: Company, text: str, **options: object) -> list[int]:
    return [hit.case.number for hit in find(company.maya, text, **options).rows]  # type: ignore[arg-type]


@pytest.fixture
def mails(company: Company, arrive: Arrive) -> Company:
    arrive(mail())
    arrive(
        mail(
            sender="Élodie Garnier <elodie@refuge-du-lac.example>",
            subject="12 blankets for the hut",
            text="Nous confirmons la commande. Die Straße ist gesperrt, order 88213. Please send the e-mail again.",
            message_id="<blankets.7@refuge-du-lac.example>",
        )
    )
    arrive(
        mail(
            sender="=?utf-8?b?55Sw5LitIOe+juWSsg==?= <misaki@kita.example>",
            subject="Returns",
            text="先週届いた寝袋のサイズが合わないため、返品または交換をお願いできますでしょうか。",
        )
    )
    arrive(mail(sender="Leila <leila@example.org>", subject="Order", text="مرحبًا، طلبت حقيبة الظهر"))
    return company


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("pole", [1]),
        ("POLE", [1]),
        ("second joint", [1]),
        ("joi", [1]),  # a beginning
        ("blankets", [2]),
        ("elodie", [2]),  # without its accent
        ("Élodie", [2]),
        ("strasse", [2]),
        ("straße", [2]),
        ("email", []),
        ("e-mail", [2]),
        ("88213", [2]),
        ("parker@brightwater.example", [1]),
        ("refuge-du-lac", [2]),
        ("寝袋", [3]),
        ("袋", [3]),
        ("返品または", [3]),
        ("田中", [3]),
        ("袋寝", []),
        ("مرحبا", [4]),
        ("مرحبًا", [4]),
        ('"second joint"', [1]),
        ('"joint second"', []),
        ("pole -joint", []),
        ("order -blankets", [4]),
        ("CW-2", [2]),
        ("#2", [2]),
        ("[CW-3]", [3]),
        ("<blankets.7@refuge-du-lac.example>", [2]),
        ("blankets.7@refuge-du-lac.example", [2]),
        ("subject:blankets", [2]),
        ("subject:commande", []),
        ("from:elodie", [2]),
        ("from:elodie@refuge-du-lac.example", [2]),
        ("from:support", []),
        ("to:support pole", [1]),
        ("parkr", [1]),  # mistyped names
        ("from:Ehlres", [1]),
        ("elodei blankets", [2]),
        ("nothinglikethis", []),
        ("status:closed pole", []),
        ("status:new pole", [1]),
        ("assignee:me pole", [1]),
        ("assignee:nobody pole", []),
        ("in:trash pole", []),
        ("has:attachment pole", []),
        ("after:2020-01-01 pole", [1]),
        ("before:2020-01-01 pole", []),
        ("'", []),
        ("%", []),
        (":*", []),
        ("\\", []),
        ('"', []),
        ("pole & | ! <-> ' :*", [1]),
    ],
)
def test_what_is_typed_finds(mails: Company, text: str, found: list[int]) -> None:
    assert numbers(mails, text) == found


def test_a_mistyped_name_is_said_to_be_one(mails: Company) -> None:
    assert "parker" in find(mails.maya, "parkr").note


def test_operators_alone_list_cases(mails: Company) -> None:
    assert numbers(mails, "status:new") == [4, 3, 2, 1]
    page = find(mails.maya, "status:new", size=3)
    assert [hit.case.number for hit in page.rows] == [4, 3, 2]
    assert [hit.case.number for hit in find(mails.maya, "status:new", size=3, after=page.next).rows] == [1]
    assert numbers(mails, "") == []


def test_the_trash_is_searched_when_asked(mails: Company) -> None:
    Case.objects.get(number=1).trash(by=mails.maya)
    assert numbers(mails, "pole") == []
    assert numbers(mails, "in:trash pole") == [1]


def test_filters_of_a_list_narrow_too(mails: Company) -> None:
    assert numbers(mails, "order", filters={"status": ["closed"]}) == []
    Case.objects.get(number=2).close(by=mails.maya)
    assert numbers(mails, "order", filters={"status": ["closed"]}) == [2]
    assert numbers(mails, "order -status:closed") == [4]
    assert numbers(mails, "order -assignee:me") == []


def test_snippets_hold_the_words_and_no_markup(company: Company, arrive: Arrive) -> None:
    arrive(mail(text="<b>bold</b> " + "filler " * 60 + "then the Réfund <script>alert(1)</script> came " + "x " * 200))
    [hit] = find(company.maya, "refund").rows
    assert [text for text, is_match in hit.snippet if is_match] == ["Réfund"]
    assert len("".join(text for text, _ in hit.snippet)) < 200
    assert ("<script>" in "".join(text for text, _ in hit.snippet)) is True  # text, escaped by the page
    [hit] = find(company.maya, "parker").rows
    assert hit.who[0] == ("Parker", True)
    [hit] = find(company.maya, "tent").rows
    assert hit.title[0] == ("Tent", True)


def test_a_note_is_found(mails: Company) -> None:
    Case.objects.get(number=1).note("Bergen has three sets left", by=mails.dana)
    assert numbers(mails, "bergen") == [1]
    assert numbers(mails, "from:dana") == [1]


def test_a_case_made_by_hand_is_found_and_its_new_subject_too(company: Company) -> None:
    case = open_by_hand(company.organisation, by=company.maya, subject="Phone call", description="about canisters")
    assert numbers(company, "phone canister") == [case.number]
    Case.objects.filter(pk=case.pk).update(subject="Visit")
    assert numbers(company, "phone") == []
    assert numbers(company, "visit") == [case.number]


def test_names_of_files_are_found(mails: Company) -> None:
    message = Message.objects.get(case__number=1, direction="in")
    files = [("invoice_2024-final.pdf", False), ("logo-picture.png", True)]
    for part, (name, is_inline) in enumerate(files):
        Attachment.objects.create(
            organisation=mails.organisation, message=message, part=part, name=name, size=1, is_inline=is_inline
        )
    [hit] = find(mails.maya, "invoice parker").rows
    assert hit.case.number == 1
    assert numbers(mails, "invoice_2024-final.pdf") == [1]
    assert numbers(mails, "logo") == []


def test_a_moved_message_is_found_in_its_new_case(mails: Company) -> None:
    Message.objects.filter(case__number=1).update(case=Case.objects.get(number=2))
    assert numbers(mails, "joint") == [2]


def test_what_is_deleted_leaves_no_words(mails: Company) -> None:
    before = SearchDocument.objects.count()
    Message.objects.filter(case__number=3).delete()
    assert SearchDocument.objects.count() == before - 1
    assert numbers(mails, "寝袋") == []


def test_words_come_and_go_with_the_transaction(company: Company) -> None:
    with transaction.atomic():
        open_by_hand(company.organisation, by=company.maya, subject="Undone")
        assert len(numbers(company, "undone")) == 1
        transaction.set_rollback(True)
    assert numbers(company, "undone") == []


def test_another_organisation_finds_nothing_of_it(mails: Company) -> None:
    other = make_company("other", "other.example")
    with organisation_scope(other.organisation.pk):
        assert numbers(other, "pole") == []
        assert find_contacts(other.maya, "parker") == []
        assert numbers(other, "parkr") == []
        # a wrong employee does not open the wall either
        assert numbers(mails, "pole") == []
        assert SearchDocument.objects.count() == 0
    with every_organisation():
        assert numbers(mails, "pole") == []


def test_mails_made_to_break_the_index_arrive(company: Company, arrive: Arrive) -> None:
    for text in ("x" * 3000, "y" * 2040, "漢" * 60_000, "''':*\\ <-> " * 100, "a" * 90 + " " + "\u0301" * 5000):
        row = arrive(mail(text="needle " + text))
        assert row.state == "delivered"
    assert len(numbers(company, "needle")) == 5


def test_the_subject_goes_before_the_text_and_the_new_before_the_old(company: Company, arrive: Arrive) -> None:
    arrive(mail(subject="Old refund", text="hello"))
    arrive(mail(subject="Hello", text="about a refund"))
    arrive(mail(subject="New refund", text="hello"))
    old = timezone.now() - timedelta(days=400)
    Message.objects.filter(case__number=1).update(created_at=old)
    assert numbers(company, "refund") == [3, 2, 1] or numbers(company, "refund") == [3, 1, 2]
    assert numbers(company, "refund")[0] == 3


def many(company: Company, count: int, text: str = "common word") -> None:
    """Cases with a message each, an hour apart, written at once."""
    now = timezone.now()
    cases = Case.objects.bulk_create(
        Case(organisation=company.organisation, number=1000 + n, subject=f"Case {n}", source="email")
        for n in range(count)
    )
    Message.objects.bulk_create(
        Message(
            organisation=company.organisation, case=case, direction="in", subject=case.subject, text=text,
            new_text=text, created_at=now - timedelta(hours=n),
        )
        for n, case in enumerate(cases)
    )  # fmt: skip


def test_pages_follow_each_other_without_gap_or_double(company: Company) -> None:
    many(company, WINDOW * 2 + 57)
    Message.objects.bulk_create(  # the newest case has old messages too
        Message(organisation=company.organisation, case=Case.objects.get(number=1000), direction="in", text="common",
                new_text="common", created_at=timezone.now() - timedelta(hours=n, minutes=30))
        for n in range(0, 900, 90)
    )  # fmt: skip
    seen: list[int] = []
    after = ""
    for _ in range(40):
        page = find(company.maya, "common", after=after, size=50)
        seen += [hit.case.number for hit in page.rows]
        after = page.next
        if not after:
            break
    assert len(seen) == len(set(seen)) == WINDOW * 2 + 57


def test_a_rare_filter_on_a_common_word_still_finds(company: Company) -> None:
    many(company, WINDOW * 2 + 30)
    wanted = 1000 + WINDOW * 2 + 20
    Case.objects.filter(number=wanted).update(assigned_employee=company.dana)
    assert numbers(company, "common assignee:dana") == [wanted]
    page = find(company.maya, "common assignee:dana", size=1)
    assert page.next == ""


def all_pages(company: Company, text: str, size: int = 20) -> list[int]:
    seen: list[int] = []
    after = ""
    for _ in range(100):
        page = find(company.maya, text, after=after, size=size)
        seen += [hit.case.number for hit in page.rows]
        after = page.next
        if not after:
            return seen
    raise AssertionError("the pages do not end")


def test_a_filter_and_a_common_word_page_by_the_latest_change(company: Company) -> None:
    many(company, 900)
    Case.objects.filter(number__gte=1500).update(status="closed", closed_at=timezone.now())
    Case.objects.filter(number__in=range(1000, 1900, 30)).update(tags=["vip"])
    assert sorted(all_pages(company, "common tag:vip", 7)) == list(range(1000, 1900, 30))
    assert sorted(all_pages(company, "common -tag:vip status:closed", 150)) == [
        number for number in range(1500, 1900) if (number - 1000) % 30
    ]
    Case.objects.filter(number__in=range(1000, 1900, 50)).update(deleted_at=timezone.now())
    assert sorted(all_pages(company, "common in:trash", 4)) == list(range(1000, 1900, 50))


def test_a_search_whose_time_is_over_goes_on_where_it_stopped(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(company, 30, "needle and thread")
    oldest = timezone.now() - timedelta(days=300)
    Message.objects.filter(case__number__gte=1010).update(created_at=oldest)
    monkeypatch.setattr("caseway.cases.search.index.BUDGET", timedelta(0))
    first = find(company.maya, '"needle and"')
    assert {hit.case.number for hit in first.rows} <= set(range(1000, 1010))
    assert first.next
    assert sorted(all_pages(company, '"needle and"')) == list(range(1000, 1030))


@pytest.mark.parametrize("after", ["x", "_____", "c_1_2_3", "m_99999999999999999999999_1_0.5_1", "_1_1_nan_1", "\0"])
def test_a_key_that_cannot_be_read_is_the_beginning(mails: Company, after: str) -> None:
    assert numbers(mails, "pole", after=after) in ([1], [])


def test_contacts_are_found_by_name_address_and_company(mails: Company) -> None:
    contact = Contact.objects.get(name="Parker Ehlers")
    contact.customer = Customer.objects.create(organisation=mails.organisation, name="Brightwater Guides")
    contact.save()
    for text in ("park", "ehl park", "brightwater.exa", "guides", "parkr"):
        assert [one.name for one in find_contacts(mails.maya, text)] == ["Parker Ehlers"], text
    assert [one.name for one in find_contacts(mails.maya, "田")] == ["田中 美咲"]
    ContactAddress.objects.create(
        organisation=mails.organisation, contact=contact, email="pe@home.example", key="pe@home.example"
    )
    assert [one.name for one in find_contacts(mails.maya, "pe@home")] == ["Parker Ehlers"]
    contact.customer.name = "Alpine Tours"
    contact.customer.save()
    assert [one.name for one in find_contacts(mails.maya, "alpine")] == ["Parker Ehlers"]
    assert find_contacts(mails.maya, "guides") == []


def test_the_index_is_used_behind_the_wall(company: Company) -> None:
    many(company, 50)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone()[0] == "caseway_app"
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN SELECT id FROM cases_searchdocument WHERE words @@ '''1.b.common'''::tsquery")
        direct = "\n".join(row[0] for row in cursor.fetchall())
    assert "search_document_words" not in direct  # why the functions exist
    before = scans()
    assert len(numbers(company, "common", size=50)) == 50
    assert scans() > before


def scans() -> int:
    """How often this transaction and those before it looked into the index of words."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_get_xact_numscans('search_document_words'::regclass)")
        return int(cursor.fetchone()[0])


def test_a_list_is_narrowed_by_words(mails: Company) -> None:
    def narrowed(text: str) -> list[int]:
        rows = within(Case.objects.visible_to(mails.maya), text)
        return sorted(rows.values_list("number", flat=True))

    assert narrowed("") == [1, 2, 3, 4]
    assert narrowed("pole joint") == [1]
    assert narrowed("CW-3") == [3]
    assert narrowed("2") == [2]
    assert narrowed("<blankets.7@refuge-du-lac.example>") == [2]
    assert narrowed("nothing") == []
