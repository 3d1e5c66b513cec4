"""Reading what somebody typed: words, phrases and operators. Nothing is ever an error; a note says what is odd."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from django.utils.translation import gettext as _

from caseway.accounts.models import Employee
from caseway.cases.lists.filters import Filters
from caseway.cases.search.operators import OPERATORS, WEIGHTS, Reading

MOST_CHARACTERS = 400
MOST_TERMS = 16
SHORTEST_BEGINNING = 3
"""A word of so many letters also finds longer words that begin with it; a shorter one would find everything."""

_TOKEN = re.compile(r'(?P<minus>-)?(?:(?P<operator>[^\W\d_]{2,20}):)?(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))')
UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff"
_RUN = re.compile(f"[{UNSPACED}]+|[^{UNSPACED}]+")
_IS_UNSPACED = re.compile(f"[{UNSPACED}]")
_NUMBER = re.compile(r"\[?(?:CW-|#)?(\d{1,15})\]?", re.IGNORECASE)
_NO_OPERATOR = {"http", "https", "mailto", "tel", "ftp"}


@dataclass(frozen=True, slots=True)
class Term:
    """A word or phrase that a message has to have (or, `is_excluded`, must not have)."""

    text: str
    weight: str = ""
    """'' anywhere, 'A' in the subject, 'B' in the sender, 'C' in the receivers."""
    is_phrase: bool = False
    is_beginning: bool = False
    is_excluded: bool = False

    @property
    def may_be_mistyped(self) -> bool:
        plain = not self.is_phrase and not self.is_excluded and self.weight != "A"
        return plain and len(self.text) >= 4 and self.text.isalpha() and not _IS_UNSPACED.search(self.text)


@dataclass(frozen=True, slots=True)
class Chip:
    """An operator as it was understood: 'Status: Open'. `rest` is the search without it."""

    label: str
    value: str
    rest: str


@dataclass(frozen=True, slots=True)
class Query:
    """What was understood. `filters` are those of the lists; `excluded` the same for what must not be."""

    text: str
    words: tuple[Term, ...] = ()
    filters: Filters = field(default_factory=dict)
    excluded: Filters = field(default_factory=dict)
    within: str = ""
    """'' every case, 'trash' or 'snoozed'."""
    chips: tuple[Chip, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.words or self.filters or self.excluded or self.within)

    @property
    def number(self) -> int | None:
        """The case number that it may be: 1042, #1042, CW-1042, [CW-1042]."""
        found = _NUMBER.fullmatch(self.words[0].text) if len(self.words) == 1 else None
        return int(found[1]) if found and not self.words[0].is_excluded else None

    @property
    def message_identifier(self) -> str:
        """The Message-ID that it may be, as messages keep it."""
        text = self.words[0].text.strip("<>") if len(self.words) == 1 else ""
        return text[:512] if "@" in text[1:-1] else ""

    @property
    def plain(self) -> str:
        """The words without operators, to look for people with."""
        return " ".join(term.text for term in self.words if not term.is_excluded and term.weight in {"", "B"})


def read(text: str, employee: Employee | None = None, *, is_being_typed: bool = False) -> Query:
    """What `text` asks for. With an employee names behind operators are looked up among their colleagues.

    Filters follow `cases.lists.filters`. What cannot be understood is looked for as words, and a note says so.
    `is_being_typed`: the last word may be unfinished, however short it is.
    """
    text = " ".join(text.replace("\0", " ").split())[:MOST_CHARACTERS]
    tokens = list(_TOKEN.finditer(text))
    reading = Reading(employee, [((token["operator"] or "").lower(), _value(token)) for token in tokens])
    terms: list[Term] = []
    chips: list[Chip] = []
    for token in tokens:
        minus, operator = bool(token["minus"]), (token["operator"] or "").lower()
        is_phrase = token["phrase"] is not None
        value = _value(token)
        rest = " ".join((text[: token.start()] + text[token.end() :]).split())
        if operator in WEIGHTS and value:
            label, weight = WEIGHTS[operator]
            value = employee.name if value == "me" and employee else value
            terms += [Term(value, weight, is_phrase, not is_phrase, minus)]
            chips.append(Chip(_(label), f"−{value}" if minus else value, rest))
        elif operator in OPERATORS and value:
            shown = OPERATORS[operator](reading, value, minus)
            if shown is not None:
                chips.append(Chip(*shown, rest))
        elif operator and not value:
            if operator in OPERATORS or operator in WEIGHTS:
                reading.note(_("Something is missing after “%(name)s:”.") % {"name": operator})
        else:
            if operator and operator not in _NO_OPERATOR and not is_phrase:
                reading.note(
                    _("“%(name)s:” is not something that can be filtered by. It was looked for as a word.")
                    % {"name": operator}
                )
            whole = f"{operator} {value}" if operator else value
            terms += _terms(whole, is_phrase, minus)
    terms = [term for term in terms if any(map(str.isalnum, term.text))][:MOST_TERMS]
    if is_being_typed and terms and not terms[-1].is_phrase and len(terms[-1].text) > 1:
        terms[-1] = replace(terms[-1], is_beginning=True)
    if terms and all(term.is_excluded for term in terms):
        reading.note(_("A minus only takes away. Add a word to look for."))
        terms = []
    return Query(
        text, tuple(terms), reading.filters, reading.excluded, reading.within, tuple(chips), tuple(reading.notes)
    )


def _value(token: re.Match[str]) -> str:
    return (token["word"] if token["phrase"] is None else token["phrase"] or "").strip()


def _terms(value: str, is_phrase: bool, is_excluded: bool) -> Iterator[Term]:
    if is_phrase:
        yield Term(value, "", True, False, is_excluded)
        return
    for run in _RUN.findall(value):
        is_beginning = len(run) >= SHORTEST_BEGINNING or bool(_IS_UNSPACED.match(run))
        yield Term(run, "", False, is_beginning, is_excluded)
