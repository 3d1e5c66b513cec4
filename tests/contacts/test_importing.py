"""A file of contacts is tried dry, read in, and can be taken back."""

from collections.abc import Callable

import pytest

from caseway.contacts.errors import ContactError
from caseway.contacts.exchange import importing
from caseway.contacts.models import Contact, ContactImport, Customer, ImportState
from caseway.intake.models import InboundEmail
from tests.companies import Company
from tests.mails import mail

FILE = b"""Name;Email;Company;Phone
Parker Ehlers;parker@brightwater.example;Brightwater Guides;+43 512
Kim Ito;kim@kita.example;;
Kim Ito;KIM@kita.example, kim@home.example;;555
;not an address;;
;;Nobody & Co;
Alone;;;
Alone;;;
"""


@pytest.fixture
def run(company: Company) -> Callable[..., ContactImport]:
    """Receive, check and, unless `dry`, import a file."""

    def go(content: bytes = FILE, *, dry: bool = False, overwrites: bool = False) -> ContactImport:
        job = importing.receive_file("people.csv", content, by=company.dana)
        importing.start_check(job, job.mapping, overwrites=overwrites)
        assert importing.run_due() == 1
        job.refresh_from_db()
        if not dry:
            importing.start_import(job)
            assert importing.run_due() == 1
            job.refresh_from_db()
        return job

    return go


def counts(job: ContactImport) -> tuple[int, int, int, int]:
    return job.made, job.changed, job.same, job.failed


def test_the_dry_run_counts_and_changes_nothing(company: Company, person: Callable, run: Callable) -> None:
    person("parker@brightwater.example", "parker@brightwater.example")
    job = run(dry=True)
    assert job.state == ImportState.CHECKED
    assert counts(job) == (2, 2, 1, 2)
    assert [line for line, _cause, _fix in job.problems] == [5, 6]
    assert Contact.objects.count() == 1
    assert not Customer.objects.exists()


def test_the_import_does_what_the_dry_run_said(company: Company, person: Callable, run: Callable) -> None:
    parker = person("parker@brightwater.example", "parker@brightwater.example")
    job = run()
    assert (job.state, counts(job), bytes(job.content)) == (ImportState.DONE, (2, 2, 1, 2), b"")
    parker.refresh_from_db()
    assert (parker.name, parker.phone, parker.customer.name) == ("Parker Ehlers", "+43 512", "Brightwater Guides")
    kim = Contact.objects.get(name="Kim Ito")
    assert [row.email for row in kim.sorted_addresses] == ["kim@kita.example", "kim@home.example"]
    assert (kim.phone, kim.customer.domain, kim.source) == ("555", "kita.example", "import")


def test_a_second_import_of_the_file_makes_nothing(company: Company, run: Callable) -> None:
    run()
    again = run()
    assert (again.made, again.changed) == (0, 0)
    assert Contact.objects.count() == 3


@pytest.mark.parametrize(("overwrites", "phone"), [(False, "old"), (True, "+43 512")])
def test_who_wins(company: Company, person: Callable, run: Callable, overwrites: bool, phone: str) -> None:
    parker = person("Parker", "parker@brightwater.example", phone="old")
    run(overwrites=overwrites)
    parker.refresh_from_db()
    assert parker.phone == phone


def test_a_line_of_two_contacts_is_left_out(company: Company, person: Callable, run: Callable) -> None:
    person("One", "a@x.example")
    person("Two", "b@x.example")
    job = run(b"name,email\nBoth,a@x.example;b@x.example\n", dry=True)
    assert counts(job) == (0, 0, 0, 1)
    assert "One, Two" in job.problems[0][1]


def test_undo_takes_back_what_was_not_used_since(
    company: Company, person: Callable, run: Callable, arrive: Callable[..., InboundEmail]
) -> None:
    parker = person("parker@brightwater.example", "parker@brightwater.example", phone="")
    job = run()
    arrive(mail(sender="Kim <kim@home.example>"))
    parker.refresh_from_db()
    parker.name = "Parker J. Ehlers"
    parker.save()
    importing.start_undo(job)
    assert importing.run_due() == 1
    job.refresh_from_db()
    assert (job.state, job.kept) == (ImportState.UNDONE, 1)
    assert set(Contact.objects.values_list("name", flat=True)) == {"Parker J. Ehlers", "Kim Ito"}
    parker.refresh_from_db()
    assert (parker.phone, parker.customer) == ("", None)
    with pytest.raises(ContactError, match="gone on"):
        importing.start_undo(job)


def test_an_import_goes_on_where_a_worker_died(
    company: Company, run: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "SLICE", 2)
    content = b"name,email\n" + b"".join(b"N%d,n%d@x.example\n" % (n, n) for n in range(9))
    job = run(content, dry=True)
    importing.start_import(job)
    slices = iter([True, True, False])

    def dies(*_: object) -> None:
        if not next(slices):
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(importing, "take_delivery_turn", dies)
        with pytest.raises(KeyboardInterrupt):
            importing.run_due()
    assert Contact.objects.count() == 4
    assert importing.run_due() == 0  # it may be alive yet
    ContactImport.objects.update(claimed_at=None)
    assert importing.run_due() == 1
    job.refresh_from_db()
    assert (job.state, job.made, Contact.objects.count()) == (ImportState.DONE, 9, 9)


def test_cards_are_imported_too(company: Company, run: Callable) -> None:
    job = run(b"BEGIN:VCARD\nVERSION:4.0\nFN:Parker\nEMAIL:p@x.example\nEND:VCARD\n")
    assert (job.kind, counts(job)) == ("vcard", (1, 0, 0, 0))


@pytest.mark.parametrize(
    ("content", "text"),
    [(b"", "empty"), (b"name,email\n", "no contact"), (b"\x00" * 100, "no text"), (b"x" * (25 * 2**20 + 1), "25")],
    ids=["empty", "titles only", "no text", "large"],
)
def test_what_cannot_be_imported_is_refused(company: Company, content: bytes, text: str) -> None:
    with pytest.raises(ContactError, match=text):
        importing.receive_file("x.csv", content, by=company.dana)


def test_columns_must_name_somebody(company: Company) -> None:
    job = importing.receive_file("x.csv", b"Shoe size,Colour\n42,red\n", by=company.dana)
    with pytest.raises(ContactError, match="No column"):
        importing.start_check(job, ["", "notes"], overwrites=False)
    with pytest.raises(ContactError, match="gone on"):
        importing.start_import(job)
    with pytest.raises(ContactError, match="Light agents"):
        importing.receive_file("x.csv", b"a,b\n1,2\n", by=company.light)
