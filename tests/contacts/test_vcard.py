"""vCards of telephones and address books, in and out."""

from collections.abc import Callable

import pytest

from caseway.contacts.exchange import vcard
from caseway.contacts.exchange.rows import Problem, Row
from caseway.contacts.models import Contact, Customer
from tests.companies import Company

PARKER = Row(
    1,
    "Parker Ehlers",
    ("parker@brightwater.example", "parker@gmail.com"),
    "Brightwater; Guides",
    "Lead guide",
    "+43 512 555 0142",
    "First line,\nsecond line",
)

THREE = r"""BEGIN:VCARD
VERSION:3.0
N:Ehlers;Parker;;;
FN:Parker Ehlers
ORG:Brightwater\; Guides;Innsbruck
TITLE:Lead guide
item1.EMAIL;TYPE=INTERNET:parker@gmail.com
EMAIL;TYPE=INTERNET,WORK,PREF:parker@brightwater.example
TEL;TYPE=CELL:+43 512 555 0142
NOTE:First line\,\nsecond
  line
PHOTO;ENCODING=b;TYPE=JPEG:AAAA
END:VCARD
"""

FOUR = r"""BEGIN:VCARD
VERSION:4.0
FN:Parker Ehlers
N:Ehlers;Parker;;;
ORG:Brightwater\; Guides
TITLE:Lead guide
EMAIL;PREF=2:parker@gmail.com
EMAIL;PREF=1;TYPE="work:x":parker@brightwater.example
TEL;VALUE=uri;TYPE="voice,home":tel:+43 512 555 0142
NOTE:First line\,\Nsecond line
END:VCARD
"""

TWO = """BEGIN:VCARD\r
VERSION:2.1\r
N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J=C3=\r
=BCrgen\r
EMAIL;INTERNET:j@x.example\r
END:VCARD\r
"""


@pytest.mark.parametrize("text", [THREE, FOUR, THREE.replace("\n", "\r\n")], ids=["3.0", "4.0", "CRLF"])
def test_a_card_is_read(text: str) -> None:
    assert list(vcard.cards(text)) == [PARKER]


def test_an_older_card_with_quoted_printable() -> None:
    [row] = vcard.cards(TWO)
    assert isinstance(row, Row)
    assert (row.name, row.emails) == ("Jürgen Müller", ("j@x.example",))


def test_a_card_that_was_cut_off_says_so_and_the_others_are_read() -> None:
    found = list(vcard.cards(FOUR + "BEGIN:VCARD\nFN:Half\n" + FOUR + "BEGIN:VCARD\nFN:End"))
    assert [type(one) for one in found] == [Row, Problem, Row, Problem]


@pytest.mark.parametrize(
    "text",
    [
        "BEGIN:VCARD\n" + "X:" + "y" * 1_000_000 + "\nEND:VCARD\n",
        "BEGIN:VCARD\n" + "X:1\n" * 100_000 + "END:VCARD\n",
        "BEGIN:VCARD\nPHOTO:" + "\n AAAA" * 200_000 + "\nEND:VCARD\n",
        "BEGIN:VCARD\n;;;:::\n\\\n:\nEND:VCARD",
        "END:VCARD\nEND:VCARD",
    ],
    ids=["long line", "many lines", "long photograph", "no names", "only ends"],
)
def test_nothing_in_a_file_breaks_the_reader(text: str) -> None:
    assert all(isinstance(one, Problem) for one in vcard.cards(text))


def test_what_is_written_is_read_again(company: Company, person: Callable[..., Contact]) -> None:
    customer = Customer.objects.create(organisation=company.organisation, name=PARKER.company)
    values = {"job_title": PARKER.job_title, "phone": PARKER.phone, "notes": PARKER.notes, "customer": customer}
    text = vcard.write(person(PARKER.name, *PARKER.emails, **values))
    assert text.startswith("BEGIN:VCARD\r\nVERSION:4.0\r\n")
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    assert list(vcard.cards(text)) == [PARKER]


def test_long_names_are_folded_between_characters(company: Company, person: Callable[..., Contact]) -> None:
    name = "田中" * 60
    text = vcard.write(person(name, "a@x.example"))
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    [row] = vcard.cards(text)
    assert isinstance(row, Row)
    assert row.name == name
