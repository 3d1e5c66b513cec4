"""The mail log and the threads at any size: what is looked for is found by index, behind the wall."""

import datetime
from collections.abc import Callable

import pytest
from django.db import connection
from django.utils import timezone

from caseway.accounts.scope import organisation_scope
from caseway.cases.models import Case, Message
from caseway.intake.models import InboundEmail
from caseway.intake.search import Filters, find
from caseway.mailboxes.models import RawEmail
from tests.companies import Company, make_company
from tests.mails import mail

Arrive = Callable[..., InboundEmail]
ROWS = 20_000


@pytest.fixture
def full_ledger(company: Company) -> Company:
    """Many mails of many senders, two of another organisation among them that fit every search here."""
    raw = RawEmail.prepare(company.organisation.pk, mail()).keep()
    fill(company, raw, ROWS)
    other = make_company("harbour", "harbour.example")
    with organisation_scope(other.organisation.pk):
        fill(other, RawEmail.prepare(other.organisation.pk, mail()).keep(), 20)
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE NONE; ANALYZE intake_inboundemail; SET ROLE caseway_app")
    return company


def fill(company: Company, raw: RawEmail, count: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO intake_inboundemail (organisation_id, door, folder, delivered_to, raw_id, state, reason,"
            " detail, kind, hold, decision, size_on_server, is_history, received_at, kept_at, attempts,"
            " message_identifier, body_sha256, sender, subject) SELECT %s, 'imap', '', '', %s,"
            " CASE WHEN n %% 50 = 0 THEN 'ignored' ELSE 'delivered' END, '',"
            " '', 'human', '', '', 0, false, now(), now(), 1,"
            " 'id' || n || '@mail.example', '', 'person' || n || '@company' || n %% 700 || '.example',"
            " 'Order ' || md5(n::text) || ' is late' FROM generate_series(1, %s) AS n",
            [company.organisation.pk, raw.pk, count],
        )


def scans(index: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_get_xact_numscans(%s::regclass)", [index])
        return int(cursor.fetchone()[0])


def plan(statement: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone()[0] == "caseway_app"
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {statement}")
        found = "\n".join(row[0] for row in cursor.fetchall())
        cursor.execute("SET LOCAL enable_seqscan = on")
    return found


def found(company: Company, words: str, **values: object) -> list[InboundEmail]:
    filters = Filters(words=words, **values)  # type: ignore[arg-type]
    return list(find(company.organisation.pk, filters, most=51).order_by("-pk"))


def test_an_address_a_part_of_a_subject_and_an_identifier_are_found_by_index(full_ledger: Company) -> None:
    expression = "lower(left(sender || E'\\n' || delivered_to || E'\\n' || subject, 1400))"
    direct = plan(f"SELECT id FROM intake_inboundemail WHERE {expression} LIKE '%person77@company%'")
    assert "inbound_words" not in direct  # why there is a function
    for words, count in (
        ("PERSON4711@company", 1),
        ("c4ca4238a0b923820dcc509a6f75849b", 1),  # of 1
        ("id4711@mail.example", 1),
        ("<id4711@mail.example>", 1),
        ("nobody at all", 0),
        ("100% of_it\\", 0),
    ):
        before, reads = scans("inbound_words"), scans("intake_inboundemail")
        rows = found(full_ledger, words)
        assert len(rows) == count, words
        assert all(row.organisation_id == full_ledger.organisation.pk for row in rows)
        assert scans("inbound_words") > before and scans("intake_inboundemail") == reads, words


def test_a_word_that_every_mail_has_is_read_from_the_newest_on(full_ledger: Company) -> None:
    reads = scans("intake_inboundemail")
    newest = found(full_ledger, "order")
    assert len(newest) == 51 and newest[0].sender.startswith(f"person{ROWS}@")
    assert scans("intake_inboundemail") == reads
    further = find(full_ledger.organisation.pk, Filters(words="order"), below=newest[50].pk, most=51)
    assert max(row.pk for row in further) == newest[50].pk - 1
    assert find(full_ledger.organisation.pk, Filters(words="order")).count() == ROWS


def test_words_and_filters_together(full_ledger: Company) -> None:
    rows = found(full_ledger, "company50.example", states=("ignored",))
    assert rows and all(row.state == "ignored" and "company50.example" in row.sender for row in rows)
    today = timezone.localdate()
    assert len(found(full_ledger, "person4711@", since=today, until=today, kind="human")) == 1
    assert found(full_ledger, "person4711@", until=today - datetime.timedelta(days=2)) == []
    assert found(full_ledger, "person4711@", mailbox=full_ledger.mailbox.pk) == []


def test_one_or_two_letters_and_our_own_addresses_are_found_too(company: Company, arrive: Arrive) -> None:
    row = arrive(mail(subject="ÜÖ"))
    assert found(company, "üö") == [row]
    assert found(company, "support@field") == [row]


def test_outside_of_a_scope_and_in_that_of_all_there_is_nothing(full_ledger: Company) -> None:
    other = full_ledger.organisation.pk + 1000
    with organisation_scope(other):
        assert found(full_ledger, "person4711@") == []


def test_who_names_an_identifier_is_found_by_index(company: Company, arrive: Arrive) -> None:
    first = arrive(mail())
    direct = plan("SELECT id FROM cases_message WHERE \"references\" && ARRAY['a']::varchar[]")
    assert "message_names" not in direct  # why there is a function
    before = scans("message_names")
    arrive(mail(in_reply_to=f"<{first.message_identifier}>"))
    assert scans("message_names") > before
    assert Case.objects.count() == 1
    [acknowledgement, answer] = Message.objects.naming([first.message_identifier]).order_by("pk")
    assert answer.direction == "in" and acknowledgement.direction == "out"
    other = make_company("harbour", "harbour.example")
    with organisation_scope(other.organisation.pk):
        assert not Message.objects.naming([first.message_identifier]).exists()
