"""Words: every one through gettext, every catalogue whole, and pages in the language and direction of their reader."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone, translation

import caseway
from caseway.accounts.languages import isolated
from caseway.accounts.models import Employee, Organisation
from caseway.accounts.scope import every_organisation, organisation_scope
from caseway.web import formats, texts
from tests.web.conftest import Scene

PACKAGE = Path(caseway.__file__).parent
TEMPLATES = PACKAGE / "web" / "templates"
STYLES = PACKAGE / "web" / "static" / "caseway"
BIN = PACKAGE.parent.parent / "bin"
OTHERS = [code for code, _ in settings.LANGUAGES if code != "en"]

sys.path.insert(0, str(BIN))
import catalogues  # noqa: E402

# -- templates

TAG = re.compile(
    r"\{%\s*block (?:body_attributes|page_class)\s*%\}.*?\{%\s*endblock\s*%\}"  # attributes, no words
    r"|\{%\s*blocktranslate\b.*?\{%\s*endblocktranslate\s*%\}|\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}",
    re.DOTALL,
)
SPOKEN = {"aria-label", "aria-description", "title", "placeholder", "alt", "label"}
"""Attributes that people read; those of `data-` are read by scripts, and hold words in sentences only."""
SENTENCE = re.compile(r"[^\W\d_]{2} +[^\W\d_]{2}")
KEYS = re.compile(r"\((?:(?:Ctrl|Shift|Alt|Enter|Esc|[A-Z0-9]) ?)+\)")
WORD = re.compile(r"[^\W\d_]{2}")
NAMES = {
    "https://",
    "Caseway",
    "Caseway · Caseway",
    "· Caseway",
    "Error · Caseway",
    "IMAP",
    "SMTP",
    "INBOX",
    "@example.com",
}


class Spoken(HTMLParser):
    """Collects what people read in a template that was stripped of its tags."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in {"kbd", "code", "script"}
        for name, value in attrs:
            is_sentence = name.startswith("data-") and SENTENCE.search(value or "")
            if value and (name in SPOKEN or is_sentence):
                self.keep(value)

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in {"kbd", "code", "script"}

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.keep(data)

    def keep(self, text: str) -> None:
        text = " ".join(KEYS.sub(" ", text).split())
        if WORD.search(text) and text not in NAMES:
            self.found.append(text)


@pytest.mark.parametrize("path", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_a_template_says_nothing_outside_gettext(path: Path) -> None:
    parser = Spoken()
    parser.feed(TAG.sub(" ", path.read_text()))
    assert parser.found == []


# -- Python

TOLD = {"messages.success", "messages.error", "messages.warning", "messages.info"}
LABELS = {"label", "help_text", "error_messages", "empty_label"}
RAISED = {
    "CannotSendError",
    "LastAdministratorError",
    "NotPossibleError",
    "PermissionDenied",
    "SetupError",
    "TemplateError",
    "ValidationError",
}
"""Errors whose text a page shows. What servers and operators are told (Refused, CommandError, …) is in English, as is
what is kept for good: reasons in the ledger, events, diagnoses."""
SPEAKING_ROOMS = ("accounts", "contacts", "cases", "outbound", "web")
VALUE_ERRORS_SHOWN = ("cases", "contacts", "outbound", "web")


INTERNAL = {"CW-", "too large for an id"}
"""Not shown: a prefix, and an error that its caller catches."""


def literal(node: ast.expr | None) -> str:
    """The words of a string or f-string that is written out; '' for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))
    return ""


def spoken(path: Path) -> Iterator[str]:
    room = path.relative_to(PACKAGE).parts[0]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and isinstance(node.exc.func, ast.Name):
            name = node.exc.func.id
            if name in RAISED or (name == "ValueError" and room in VALUE_ERRORS_SHOWN):
                for argument in node.exc.args[:1]:
                    yield literal(argument)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in TOLD:
            yield literal(node.args[1])
        if isinstance(node, ast.Call) and room == "web":
            yield from (literal(keyword.value) for keyword in node.keywords if keyword.arg in LABELS)
        if isinstance(node, ast.ClassDef) and any(getattr(base, "attr", "") == "TextChoices" for base in node.bases):
            for line in node.body:
                if isinstance(line, ast.Assign) and isinstance(line.value, ast.Tuple) and node.name != "Plan":
                    yield literal(line.value.elts[1])


@pytest.mark.parametrize("room", SPEAKING_ROOMS)
def test_python_says_nothing_to_people_outside_gettext(room: str) -> None:
    found = [
        f"{path.relative_to(PACKAGE)}: {words}"
        for path in sorted((PACKAGE / room).rglob("*.py"))
        if "migrations" not in path.parts
        for words in spoken(path)
        if WORD.search(words) and words not in INTERNAL
    ]
    assert not found, "\n".join(found)


# -- styles

PHYSICAL = re.compile(
    r"(?<![-\w])(?:left|right|(?:margin|padding|border|scroll-margin|scroll-padding)-(?:left|right)(?:-\w+)?)\s*:"
    r"|text-align:\s*(?:left|right)|float:\s*(?:left|right)|(?<![-\w])(?:border-(?:top|bottom)-(?:left|right)-radius)\s*:"
)
FOUR = re.compile(r"(?<![-\w])(?:padding|margin|inset):\s*([^;}!]+)(?=[;}])")
VALUE = re.compile(r"[a-z-]+\([^()]*(?:\([^()]*\)[^()]*)*\)|[^\s()]+")


@pytest.mark.parametrize("path", sorted(STYLES.glob("*.css")), ids=lambda path: path.name)
def test_a_stylesheet_follows_the_reading_direction(path: Path) -> None:
    style = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
    found = [style[max(match.start() - 40, 0) : match.end() + 20] for match in PHYSICAL.finditer(style)]
    for match in FOUR.finditer(style):
        values = VALUE.findall(match[1])
        if len(values) == 4 and values[1] != values[3]:
            found.append(match[0])
    assert not found, "\n".join(found)


# -- catalogues

SAID = catalogues.sources()
PLACES = re.compile(r"%\(\w+\)[sd]|%s|\{\w*\}")


def is_translated(language: str) -> bool:
    """Translating begins when the words stand still: until then a catalogue holds nothing."""
    return any(message.id and message.string and any(message.string) for message in catalogues.read(language))


def test_languages_of_the_settings_have_catalogues() -> None:
    assert set(catalogues.LANGUAGES) == set(OTHERS)


@pytest.mark.parametrize("language", OTHERS)
def test_a_catalogue_has_nothing_fuzzy_and_keeps_the_places(language: str) -> None:
    for message in catalogues.read(language):
        if not message.id:
            continue
        assert not message.fuzzy, message.id
        ids = message.id if isinstance(message.id, tuple | list) else (message.id,)
        strings = message.string if isinstance(message.string, tuple | list) else (message.string,)
        for words in filter(None, strings):
            assert set(PLACES.findall(words)) <= set(PLACES.findall(" ".join(ids))), words
            if len(strings) == 1:
                assert set(PLACES.findall(words)) == set(PLACES.findall(ids[-1])), words
            assert sorted(re.findall(r"</?\w+", words)) == sorted(re.findall(r"</?\w+", ids[-1])), words


@pytest.mark.parametrize("language", OTHERS)
def test_what_django_reads_fits_what_people_edit(language: str) -> None:
    kept = (catalogues.LOCALE / language / "LC_MESSAGES" / "django.mo").read_bytes()
    assert kept == catalogues.as_mo(catalogues.read(language)), "bin/messages compiles it"


@pytest.mark.parametrize("language", OTHERS)
def test_a_catalogue_has_every_word(language: str) -> None:
    if not is_translated(language):
        pytest.skip("not translated yet: the words still move")
    assert catalogues.missing(catalogues.updated(language, SAID)) == []


# -- pages


def speak(employee: Employee, language: str) -> None:
    with organisation_scope(employee.organisation_id):
        Employee.objects.filter(pk=employee.pk).update(language=language)


@pytest.mark.parametrize(("asked", "language", "direction"), [
    ("de-AT,de;q=0.9", "de", "ltr"),
    ("ar", "ar", "rtl"),
    ("ja;q=0.8, pt-BR", "pt", "ltr"),
    ("tlh", "en", "ltr"),
    ("", "en", "ltr"),
])  # fmt: skip
def test_a_page_before_signing_in_speaks_as_the_browser_asks(
    db: None, asked: str, language: str, direction: str
) -> None:
    for path in ("/sign-in", "/forgotten-password", "/invitation/x"):
        answer = Client(headers={"accept-language": asked}).get(path)
        assert f'<html lang="{language}" dir="{direction}"' in answer.content.decode(), path
        assert answer["Content-Language"] == language
        assert "Accept-Language" in answer["Vary"]


def test_an_employee_is_spoken_to_in_their_own_language_else_the_organisations(scene: Scene, dana: Client) -> None:
    asking = {"accept-language": "ja"}

    def language() -> str:
        found = re.search(r'<html lang="(\w+)"', dana.get("/cases", headers=asking).content.decode())
        return found[1] if found else ""

    assert language() == "en"
    organisation, employee = scene.company.organisation, scene.company.dana
    with every_organisation():
        Organisation.objects.filter(pk=organisation.pk).update(language="fr")
    assert language() == "fr"
    speak(employee, "es")
    assert language() == "es"
    speak(employee, "tlh")  # of an installation that had it once
    assert language() == "en"


def test_error_pages_speak_it_too(scene: Scene, dana: Client) -> None:
    speak(scene.company.dana, "ar")
    assert '<html lang="ar" dir="rtl"' in dana.get("/nowhere").content.decode()
    assert '<html lang="ar" dir="rtl"' in Client(headers={"accept-language": "ar"}).get("/nowhere").content.decode()


@pytest.mark.parametrize(("language", "day", "older", "count"), [
    ("en", "4 Mar", "4 Mar 2019", "12,345"),
    ("de", "4. März", "4. März 2019", "12.345"),
    ("fr", "4 mars", "4 mars 2019", "12\xa0345"),
    ("ja", "3月4日", "2019年3月4日", "12,345"),
])  # fmt: skip
def test_dates_and_numbers_are_written_as_the_language_does(language: str, day: str, older: str, count: str) -> None:
    with translation.override(language):
        assert formats.short_date(datetime(2019, 3, 4, tzinfo=UTC), 2019).casefold() == day.casefold()
        assert formats.short_date(datetime(2019, 3, 4, tzinfo=UTC), 2026).casefold() == older.casefold()
        assert texts.number(12345).replace("\u202f", "\xa0") == count


def test_every_language_has_patterns_that_django_understands() -> None:
    assert set(formats.PATTERNS) == {code for code, _ in settings.LANGUAGES}
    moment = timezone.now() - timedelta(days=400)
    for code in formats.PATTERNS:
        with translation.override(code):
            assert str(moment.year) in formats.full(timezone.localtime(moment))


def test_a_name_is_isolated_where_the_sentence_runs_from_right_to_left() -> None:
    with translation.override("ar"):
        assert isolated("Parker") == "\u2068Parker\u2069"
    with translation.override("en"):
        assert isolated("Parker") == "Parker"
