"""vCard 3.0 and 4.0 (RFC 2426, RFC 6350), and what 2.1 shares with them: read into rows, written from contacts."""

from __future__ import annotations

import quopri
import re
from collections.abc import Iterable, Iterator

from django.utils.translation import gettext as _

from caseway.contacts.exchange.rows import Problem, Row, checked
from caseway.contacts.models import Contact

LONGEST_LINE = 100_000
"""Characters of one unfolded line; photographs are longer, and are passed over."""
MOST_LINES = 2_000
"""Lines of one card that are looked at."""
_LINE = re.compile(
    r"^(?:[\w-]+\.)?(?P<name>[\w-]+)(?P<parameters>(?:;(?:[^\":;]|\"[^\"]*\")*)*):(?P<value>.*)$", re.DOTALL
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


def looks_like(text: str) -> bool:
    return text.lstrip("\ufeff\r\n ")[:11].upper() == "BEGIN:VCARD"


def cards(text: str) -> Iterator[Row | Problem]:
    """The person of each card, or why it makes none. Never raises on what a file holds."""
    card: list[str] | None = None
    begins = 0
    for number, line in _unfolded(text):
        word = line.strip().upper()
        if word == "BEGIN:VCARD":
            if card is not None:
                yield _broken(begins)
            card, begins = [], number
        elif word == "END:VCARD":
            if card is not None:
                yield _read(begins, card)
            card = None
        elif card is not None and len(card) < MOST_LINES:
            card.append(line)
    if card is not None:
        yield _broken(begins)


def write(contact: Contact) -> str:
    """The contact as a vCard 4.0, in lines of at most 75 bytes."""
    lines = ["BEGIN:VCARD", "VERSION:4.0", f"UID:urn:caseway:contact:{contact.pk}", f"FN:{_escaped(contact.name)}"]
    *given, family = contact.name.split(" ") if " " in contact.name else ["", contact.name]
    lines.append(f"N:{_escaped(family)};{_escaped(' '.join(given))};;;")
    for place, address in enumerate(contact.sorted_addresses, start=1):
        lines.append(f"EMAIL;PREF={min(place, 100)}:{_escaped(address.email)}")
    if contact.customer is not None:
        lines.append(f"ORG:{_escaped(contact.customer.name)}")
    for name, value in (("TITLE", contact.job_title), ("TEL", contact.phone), ("NOTE", contact.notes)):
        if value:
            lines.append(f"{name}:{_escaped(value)}")
    lines.append("END:VCARD")
    return "".join(f"{folded}\r\n" for folded in map(_folded, lines))


def _read(line: int, card: Iterable[str]) -> Row | Problem:
    found: dict[str, list[str]] = {}
    preferred: list[tuple[int, str]] = []
    for text in card:
        match = _LINE.match(text[:LONGEST_LINE]) if len(text) <= LONGEST_LINE else None
        if match is None:
            continue
        name, parameters, value = match["name"].upper(), match["parameters"].upper(), match["value"]
        if "QUOTED-PRINTABLE" in parameters:
            value = quopri.decodestring(value.encode("utf-8", "replace")).decode("utf-8", "replace")
        if name == "EMAIL":
            preferred.append((_preference(parameters), _plain(value).strip().removeprefix("mailto:")))
        else:
            found.setdefault(name, []).append(value)
    structured = [_plain(part) for part in _parts(next(iter(found.get("N", [])), ""))]
    family, given = (*structured, "", "")[:2]
    return checked(
        line,
        name=_plain(next(iter(found.get("FN", [])), "")) or f"{given} {family}",
        emails=[email for _pref, email in sorted(preferred, key=lambda one: one[0]) if email],
        company=_plain(next(iter(_parts(next(iter(found.get("ORG", [])), ""))), "")),
        job_title=_plain(next(iter(found.get("TITLE", found.get("ROLE", []))), "")),
        phone=_plain(next(iter(found.get("TEL", [])), "")).removeprefix("tel:"),
        notes="\n\n".join(_plain(note) for note in found.get("NOTE", [])[:20]),
    )


def _unfolded(text: str) -> Iterator[tuple[int, str]]:
    """(number of its first line, line): a line that begins with a blank goes on the one before (RFC 6350, 3.2)."""
    held, begins = "", 0
    for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), start=1):
        soft = held.endswith("=") and "QUOTED-PRINTABLE" in held.partition(":")[0].upper()
        if begins and (line[:1] in (" ", "\t") or soft):
            if len(held) <= LONGEST_LINE:  # what is longer is passed over anyway
                held = held[:-1] + line if soft else held + line[1:]
            continue
        if begins:
            yield begins, held
        held, begins = line, number
    if begins:
        yield begins, held


def _preference(parameters: str) -> int:
    """1 is written to first. 'PREF=1' (4.0), 'TYPE=PREF' or ';PREF' (3.0, 2.1)."""
    if match := re.search(r"PREF=\"?(\d{1,3})", parameters):
        return int(match[1])
    return 1 if "PREF" in parameters else 101


def _parts(value: str) -> list[str]:
    return re.split(r"(?<!\\);", value)


def _plain(value: str) -> str:
    return _ESCAPE.sub(lambda match: "\n" if match[1] in "nN" else match[1], value.replace("\0", "")).strip()


def _escaped(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return escaped.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\\n")


def _folded(line: str) -> str:
    """At most 75 bytes a line, no character cut in two."""
    out, room = [], 75
    for character in line:
        size = len(character.encode())
        if size > room:
            out.append("\r\n ")
            room = 74
        out.append(character)
        room -= size
    return "".join(out)


def _broken(line: int) -> Problem:
    return Problem(line, _("The card has no END:VCARD."), _("Export it again; the file was cut off here."))
