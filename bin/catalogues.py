"""The message catalogues: what is said in the sources, and what each language says for it.

Needs Django and Babel (both of the dev group), no gettext programs. `bin/messages` is the door to it.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_python
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

PACKAGE = Path(__file__).resolve().parent.parent / "src" / "caseway"
LOCALE = PACKAGE / "locale"
LANGUAGES = ("de", "fr", "es", "pt", "ja", "ar")
MADE = datetime(2026, 11, 1, tzinfo=UTC)
"""Stands in every header: a date that moved would change every file at every run."""
HEADER = "# Caseway's words. Made by bin/messages, which keeps what is translated."
NOBODY = ('"Report-Msgid-Bugs-To:', '"Last-Translator:', '"Language-Team:')
"""Header lines that Babel fills with samples."""
_PAIR, _CONTEXT = (1, 2), ((1, "c"), 2)
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": _PAIR,
    "ngettext_lazy": _PAIR,
    "pgettext": _CONTEXT,
    "pgettext_lazy": _CONTEXT,
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}


def sources() -> Catalog:
    """Every string of the package that goes through gettext."""
    found = _catalogue(None)
    for path in sorted([*PACKAGE.rglob("*.py"), *PACKAGE.rglob("templates/**/*.html")]):
        place = str(path.relative_to(PACKAGE.parent.parent))
        for line, function, messages, comments in _extracted(path):
            identifier, context = _identifier(function, messages)
            if identifier:
                found.add(identifier, locations=[(place, line)], auto_comments=comments, context=context)
    return found


def read(language: str) -> Catalog:
    """The catalogue as it lies in the package; an empty one when there is none yet."""
    path = _path(language, "po")
    if not path.exists():
        return _catalogue(language)
    with path.open("rb") as file:
        return read_po(file, locale=language, domain="django")


def compiled(language: str) -> Catalog:
    """What Django reads: the .mo beside the .po."""
    with _path(language, "mo").open("rb") as file:
        return read_mo(file)


def updated(language: str, said: Catalog) -> Catalog:
    """The catalogue with what the sources say now; what is translated stays, what nobody says any more goes."""
    known, fresh = read(language), _catalogue(language)
    for message in said:
        if not message.id:
            continue
        before = known.get(message.id, context=message.context)
        string = before.string if before is not None and _same_form(before.id, message.id) else ""
        if isinstance(message.id, tuple):
            forms = list(string) if isinstance(string, tuple | list) else []
            string = tuple((forms + [""] * fresh.num_plurals)[: fresh.num_plurals])
        fresh.add(
            message.id,
            string,
            locations=message.locations,
            auto_comments=message.auto_comments,
            user_comments=before.user_comments if before is not None else (),
            context=message.context,
        )
    return fresh


def write(language: str, catalogue: Catalog) -> None:
    """The .po for people, the .mo for Django."""
    _path(language, "po").parent.mkdir(parents=True, exist_ok=True)
    _path(language, "po").write_bytes(as_po(catalogue))
    _path(language, "mo").write_bytes(as_mo(catalogue))


def as_po(catalogue: Catalog) -> bytes:
    out = io.BytesIO()
    write_po(out, catalogue, width=120, include_lineno=False, sort_by_file=True, ignore_obsolete=True)
    lines = out.getvalue().decode().splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith(NOBODY)).encode()


def as_mo(catalogue: Catalog) -> bytes:
    """What is translated as a whole: an empty plural form would be shown as nothing."""
    whole, out = _catalogue(str(catalogue.locale)), io.BytesIO()
    for message in catalogue:
        if message.id and _is_whole(message.string):
            whole.add(message.id, message.string, context=message.context)
    write_mo(out, whole)
    return out.getvalue()


def missing(catalogue: Catalog) -> list[str]:
    """What has no translation, or only a part of its plural forms."""
    return [_text(message.id) for message in catalogue if message.id and not _is_whole(message.string)]


def main(arguments: list[str]) -> int:
    """Update all catalogues; with `--check` only say what is not as it should be."""
    said, wrong = sources(), 0
    for language in LANGUAGES:
        catalogue = updated(language, said)
        count = len(missing(catalogue))
        if "--check" in arguments:
            stale = as_po(catalogue) != _bytes(language, "po") or as_mo(catalogue) != _bytes(language, "mo")
            wrong += stale
            print(f"{language}: {len(catalogue)} messages, {count} without translation{', out of date' * stale}")
        else:
            write(language, catalogue)
            print(f"{language}: {len(catalogue)} messages, {count} without translation")
    if wrong:
        print("Run bin/messages and commit what it writes.", file=sys.stderr)
    return 1 if wrong else 0


def _catalogue(language: str | None) -> Catalog:
    return Catalog(
        locale=language,
        domain="django",
        project="Caseway",
        version="1",
        copyright_holder="the authors of Caseway",
        creation_date=MADE,
        revision_date=MADE,
        fuzzy=False,
        header_comment=HEADER,
    )


def _extracted(path: Path) -> Iterator[tuple[int, str, object, list[str]]]:
    text = path.read_text()
    if path.suffix == ".html":
        # what is left of a template is not indented as Python wants it
        text = "\n".join(line.lstrip() for line in templatize(text, origin=str(path)).splitlines())
    yield from extract_python(io.BytesIO(text.encode()), list(KEYWORDS), ["Translators:"], {"encoding": "utf-8"})


def _identifier(function: str, messages: object) -> tuple[object, str | None]:
    """What Babel counts a message by, and its context; nothing for a call whose words are no literals."""
    words = list(messages) if isinstance(messages, tuple) else [messages]
    form = KEYWORDS[function]
    if form is None:
        return words[0] or None, None
    context = words[form[0][0] - 1] if isinstance(form[0], tuple) else None
    chosen = [words[place - 1] for place in form if isinstance(place, int) and len(words) >= place]
    if not all(chosen) or len(chosen) < len([place for place in form if isinstance(place, int)]):
        return None, None
    return (chosen[0] if len(chosen) == 1 else tuple(chosen)), context


def _same_form(one: object, other: object) -> bool:
    return isinstance(one, tuple | list) == isinstance(other, tuple | list)


def _is_whole(string: object) -> bool:
    return all(string) if isinstance(string, tuple | list) else bool(string)


def _text(identifier: object) -> str:
    return str(identifier[0] if isinstance(identifier, tuple | list) else identifier)


def _path(language: str, kind: str) -> Path:
    return LOCALE / language / "LC_MESSAGES" / f"django.{kind}"


def _bytes(language: str, kind: str) -> bytes:
    path = _path(language, kind)
    return path.read_bytes() if path.exists() else b""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
