"""Tables as they come: any encoding, any delimiter, with titles or without."""

from __future__ import annotations

import codecs
import csv
import io
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from django.utils.translation import gettext as _

from caseway.contacts.errors import ContactError
from caseway.contacts.exchange.columns import field_of
from caseway.mail import charset_guess

DELIMITERS = (",", ";", "\t", "|")
MOST_COLUMNS = 200
LONGEST_CELL = 100_000
SAMPLE = 100
"""Lines that are looked at to find out how the file is written."""
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, slots=True)
class Shape:
    """How a file is written. `columns` are its titles, or 'Column 1' and so on; `sample` its first lines."""

    encoding: str
    delimiter: str
    has_header: bool
    columns: tuple[str, ...]
    sample: tuple[tuple[str, ...], ...]


def look(content: bytes) -> Shape:
    """Find out how a file is written. Raises ContactError when it is no table."""
    encoding = encoding_of(content)
    text = decoded(content, encoding)
    if "\0" in text[:10_000]:
        raise ContactError(_("This is no text file. Save the table as CSV and choose that file."))
    delimiter = delimiter_of(text)
    lines = [row for _line, row in islice(_rows(text, delimiter), SAMPLE)]
    if not lines:
        raise ContactError(_("The file is empty. Choose one with a line for each contact."))
    width = min(max(len(row) for row in lines), MOST_COLUMNS)
    has_header = any(field_of(title) for title in lines[0]) and not any("@" in cell for cell in lines[0])
    if has_header:
        columns = [cell.strip()[:100] for cell in lines[0]]
        columns += [""] * (width - len(columns))
    else:
        columns = [_("Column %(number)s") % {"number": number + 1} for number in range(width)]
    sample = lines[1:6] if has_header else lines[:5]
    return Shape(encoding, delimiter, has_header, tuple(columns[:width]), tuple(tuple(row[:width]) for row in sample))


def rows(content: bytes, encoding: str, delimiter: str, *, has_header: bool) -> Iterator[tuple[int, list[str]]]:
    """(line, cells) of each row that is not empty. Raises ContactError where the table breaks off."""
    found = _rows(decoded(content, encoding), delimiter)
    if has_header:
        next(found, None)
    yield from found


def encoding_of(content: bytes) -> str:
    """The encoding by its mark, by being UTF-8, or by a guess. A wrong guess shows in the preview."""
    for mark, name in _MARKS:
        if content.startswith(mark):
            return name
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return charset_guess.guess(content[:200_000]) or "cp1252"
    return "utf-8"


def decoded(content: bytes, encoding: str) -> str:
    """The text; bytes that the encoding does not know become U+FFFD."""
    try:
        return content.decode(encoding, "replace").removeprefix("\ufeff")
    except LookupError:
        return content.decode("cp1252", "replace")


def delimiter_of(text: str) -> str:
    """The delimiter that cuts the first lines into the most columns, the same number in most lines."""
    head = text[:200_000]

    def worth(delimiter: str) -> tuple[float, int]:
        widths = [len(row) for _line, row in islice(_rows(head, delimiter), SAMPLE)]
        if not widths or max(widths) < 2:
            return (0, 0)
        usual = statistics.mode(widths)
        return (sum(width == usual for width in widths) / len(widths) if usual > 1 else 0, usual)

    try:
        return max(DELIMITERS, key=worth)
    except ContactError:
        return ","


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    csv.field_size_limit(LONGEST_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    line = 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                yield line, row[:MOST_COLUMNS]
            line = reader.line_num + 1
    except csv.Error as error:
        raise ContactError(
            _("The table breaks off at line %(line)s: a quotation mark is not closed there. Correct it and try again.")
            % {"line": line}
        ) from error
