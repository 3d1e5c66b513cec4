"""Tables of contacts as address books write them."""

import pytest

from caseway.contacts.errors import ContactError
from caseway.contacts.exchange import columns, csv_reading
from caseway.contacts.exchange.rows import Problem, Row, from_cells, guarded, unguarded


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encoding_and_delimiter_are_found(delimiter: str, encoding: str) -> None:
    text = "\n".join(
        delimiter.join(cells)
        for cells in [
            ("Name", "E-Mail", "Firma"),
            ("Jürgen Groß", "j@x.example", '"Müller, Söhne; Co"'),
            ("Zoë", "z@x.example", ""),
        ]
    )
    content = text.encode(encoding)
    shape = csv_reading.look(content)
    assert (shape.delimiter, shape.has_header, shape.columns) == (delimiter, True, ("Name", "E-Mail", "Firma"))
    rows = list(csv_reading.rows(content, shape.encoding, shape.delimiter, has_header=True))
    assert rows[0] == (2, ["Jürgen Groß", "j@x.example", "Müller, Söhne; Co"])


def test_japanese_of_an_older_program() -> None:
    content = "氏名,メールアドレス,会社名\n田中 美咲,misaki@kita-outdoor.example,北アウトドア株式会社\n".encode("cp932")
    shape = csv_reading.look(content)
    assert columns.guess(shape.columns, shape.has_header, shape.sample) == ["name", "email", "company"]
    assert shape.sample[0][0] == "田中 美咲"


def test_a_table_without_titles() -> None:
    shape = csv_reading.look(b"Parker Ehlers;parker@x.example\nKim Ito;kim@x.example\n")
    assert not shape.has_header
    assert columns.guess(shape.columns, shape.has_header, shape.sample) == ["name", "email"]


@pytest.mark.parametrize(
    ("title", "field"),
    [
        ("E-mail 1 - Value", "email"),
        ("E-mail 1 - Label", ""),
        ("Phone 2 - Value", "phone"),
        ("Organization 1 - Name", "company"),
        ("Organization 1 - Title", "job_title"),
        ("Given Name", "first_name"),
        ("Family Name", "last_name"),
        ("E-mail Address", "email"),
        ("NACHNAME", "last_name"),
        ("Correo electrónico", "email"),
        ("Shoe size", ""),
    ],
)
def test_titles_of_common_address_books(title: str, field: str) -> None:
    assert columns.field_of(title) == field


def test_a_line_becomes_a_person() -> None:
    mapping = ["first_name", "last_name", "email", "", "phone"]
    row = from_cells(7, ["Parker", "Ehlers", "p@x.example; P@X.example ::: q@x.example", "no", "'+43 512"], mapping)
    assert row == Row(7, "Parker Ehlers", ("p@x.example", "q@x.example"), phone="+43 512")


@pytest.mark.parametrize(
    ("cells", "cause"),
    [(["", ""], "Neither a name"), (["Parker", "not an address"], "is no email address"), (["x", "a@b"], "no email")],
)
def test_a_line_that_makes_nobody_says_why(cells: list[str], cause: str) -> None:
    problem = from_cells(3, cells, ["name", "email"])
    assert isinstance(problem, Problem)
    assert cause in problem.cause
    assert problem.fix


def test_a_line_without_a_name_is_called_by_its_address() -> None:
    assert from_cells(2, ["", "a@x.example"], ["name", "email"]) == Row(2, "a@x.example", ("a@x.example",))


@pytest.mark.parametrize("cell", ["=1+1", "+43 512", "-2", "@SUM(A1)", "\tx", "\rx", "'=1", "plain", "", "'quoted'"])
def test_no_cell_is_a_formula_and_each_comes_back(cell: str) -> None:
    assert guarded(cell)[:1] not in {"=", "+", "-", "@", "\t", "\r"} or not cell
    assert unguarded(guarded(cell)) == cell


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\x00\x01\x02PK\x03\x04" * 50])
def test_what_is_no_table_is_refused(content: bytes) -> None:
    with pytest.raises(ContactError):
        csv_reading.look(content)


def test_a_quotation_mark_that_never_closes() -> None:
    shape = csv_reading.look(b'name,email\n"Parker,p@x.example\nKim,k@x.example\n')
    assert len(shape.sample) == 1
    with pytest.raises(ContactError, match="breaks off at line 2"):
        csv_reading.look(b'name,email\n"' + b"x" * 200_000 + b"\n")
