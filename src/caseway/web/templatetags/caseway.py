"""What templates draw again and again: icons, avatars, status and priority signs, times and sizes."""

from __future__ import annotations

import zlib
from datetime import datetime
from functools import lru_cache
from typing import Any

import lucide
from django import template
from django.template.loader import render_to_string
from django.urls import get_script_prefix
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from caseway.web import sentences, texts

register = template.Library()
_FILTERS = (texts.when, texts.day, texts.size, texts.addresses, texts.milliseconds, texts.number)
_LINES = (texts.lines, texts.paragraphs, texts.mentioning, texts.has_more, texts.written, texts.plain)
for _filter in (*_FILTERS, *_LINES, sentences.begun):
    register.filter(_filter.__name__, _filter)

STATUS_SHAPES = {
    "new": '<circle cx="8" cy="8" r="5.6" fill="none" stroke="currentColor" stroke-width="1.6"'
    ' stroke-dasharray="2.2 1.3"/><circle cx="8" cy="8" r="2"/>',
    "open": '<circle cx="8" cy="8" r="5.6" fill="none" stroke="currentColor" stroke-width="1.6"/>'
    '<path d="M8 4.4a3.6 3.6 0 0 1 0 7.2z"/>',
    "waiting": '<circle cx="8" cy="8" r="5.6" fill="none" stroke="currentColor" stroke-width="1.6"/>'
    '<path d="M5.9 5.6h1.5v4.8H5.9zM8.6 5.6h1.5v4.8H8.6z"/>',
    "closed": '<path fill-rule="evenodd" d="M8 1.6a6.4 6.4 0 1 0 0 12.8A6.4 6.4 0 0 0 8 1.6m3.1 4.7-3.7'
    ' 4.1-2.3-2.2 1-1 1.2 1.2 2.7-3z"/>',
}
TURNING = frozenset(
    {"arrow-left", "arrow-right", "chevron-left", "chevron-right", "chevrons-left", "chevrons-right"}
    | {"reply", "reply-all", "forward", "undo", "undo-2", "redo", "redo-2", "corner-down-right", "send"}
    | {"log-in", "log-out", "panel-left", "panel-right", "text-quote"}
)
"""Icons that point along the line: mirrored where it runs from right to left."""
PRIORITY_ICONS = {"urgent": "chevrons-up", "high": "chevron-up", "low": "chevron-down"}


@register.simple_tag
def icon(name: str, size: str = "") -> SafeString:
    """A Lucide icon, drawn in the text's colour. `size`: '' (16 px), 's' (14 px) or 'l' (20 px)."""
    return _icon(str(name), str(size))


@lru_cache(maxsize=256)
def _icon(name: str, size: str) -> SafeString:
    classes = f"i i--{size}" if size else "i"
    classes += " i--turns" if name in TURNING else ""
    attributes: dict[str, Any] = {"class": classes, "aria_hidden": "true"}
    svg = lucide._render_icon(name, None, **attributes)
    for attribute in ('width="24"', 'height="24"', 'stroke-width="2"', 'fill="none"', 'stroke="currentColor"'):
        svg = svg.replace(f" {attribute}", "", 1)
    return mark_safe(svg)  # noqa: S308 - from the icon package


@register.simple_tag(takes_context=True)
def tag_pill(context: Any, name: str) -> SafeString:
    """A case's tag in its colour."""
    return format_html('<span class="tag{}"><bdi>{}</bdi></span>', tag_hue(context, name), name)


@register.simple_tag(takes_context=True)
def tag_hue(context: Any, name: str) -> str:
    """The class of a tag's colour, with a space before it; '' for one without."""
    hue = (context.get("tag_hues") or {}).get(name)
    return "" if hue is None else f" hue-{hue}"


@register.simple_tag
def status_sign(status: str, label: str = "", hidden: bool = False) -> SafeString:
    """The status in its own shape, with its name beside it (or for screen readers only)."""
    shape = mark_safe(STATUS_SHAPES.get(status, STATUS_SHAPES["new"]))  # noqa: S308 - constants
    name = format_html('<span class="sr">{}</span>', label) if hidden else label
    return format_html(
        '<span class="status status--{}"><svg class="i" viewBox="0 0 16 16" aria-hidden="true">{}</svg>{}</span>',
        status, shape, name,
    )  # fmt: skip


@register.simple_tag
def priority_sign(priority: str, label: str, bare: bool = False) -> SafeString:
    """The priority by its outline. Normal is silent: bare it draws nothing."""
    sign = PRIORITY_ICONS.get(priority)
    if bare:
        if sign is None:
            return mark_safe("")
        title = _("%(priority)s priority") % {"priority": label}
        return format_html(
            '<span class="prio prio--{}" title="{}" role="img" aria-label="{}">{}</span>',
            priority, title, title, _icon(sign, ""),
        )  # fmt: skip
    if sign is None:
        return format_html("<span>{}</span>", label)
    return format_html(
        '<span class="prio-text"><span class="prio prio--{}">{}</span>{}</span>', priority, _icon(sign, ""), label
    )


@register.simple_tag
def avatar(person: Any, size: int = 20, label: bool = False) -> SafeString:
    """Initials on a hue that stays with the name. None draws the empty circle of 'nobody'."""
    if person is None or person == "":
        title = _("Unassigned")
        return format_html(
            '<span class="avatar avatar--none{}" role="img" aria-label="{}" title="{}"></span>',
            _size(size), title, title,
        )  # fmt: skip
    name = str(person)
    initials = person.initials if hasattr(person, "initials") else initials_of(name)
    hue = zlib.crc32(name.encode()) % 12
    if label:
        return format_html(
            '<span class="avatar{} hue-{}" role="img" aria-label="{}" title="{}">{}</span>',
            _size(size), hue, name, name, initials,
        )  # fmt: skip
    return format_html('<span class="avatar{} hue-{}" aria-hidden="true">{}</span>', _size(size), hue, initials)


@register.simple_tag
def person_items(people: Any, chosen: int | None = None) -> SafeString:
    """Menu buttons for colleagues, rows with `pk` and `name`: a case page has two lists of all of them."""
    found = (_person_item(row["pk"], row["name"], row["pk"] == chosen) for row in people)
    return mark_safe("".join(found))  # noqa: S308 - escaped


@lru_cache(maxsize=2048)
def _person_item(pk: int, name: str, is_chosen: bool) -> str:
    mark = mark_safe(' aria-current="true"') if is_chosen else ""
    return format_html(
        '<button class="menu__item" name="value" value="{}"{}>{}<span class="clip">{}</span></button>',
        pk, mark, avatar(name), name,
    )  # fmt: skip


@register.simple_tag
def options(words: Any) -> SafeString:
    """Options of a datalist, one for each of many words."""
    return format_html_join("", '<option value="{}">', ((word,) for word in words))


@register.filter
def hue(person: Any) -> str:
    """The class of the colour that stays with a name."""
    return f"hue-{zlib.crc32(str(person).encode()) % 12}"


def _size(size: int) -> str:
    return "" if size == 20 else f" avatar--{size}"


def initials_of(name: str) -> str:
    """At most two letters of a name that may be anything."""
    words = [word for word in name.split() if word[0].isalnum()]
    return "".join(word[0] for word in words[:1] + words[1:][-1:]).upper() or "?"


@register.simple_tag
def time(moment: datetime | None, full: bool = False) -> SafeString:
    """A <time> that the page keeps fresh; its title holds the whole date."""
    return mark_safe("") if moment is None else texts.Moments().tag(moment, full=full)


@register.simple_tag(takes_context=True)
def case_row(context: Any, case: Any, has_left: bool = False) -> SafeString:
    """A row of the list that the page shows."""
    drawn: SafeString = context["row"](case, has_left)
    return drawn


@register.simple_tag(takes_context=True)
def thread(context: Any, entries: Any) -> SafeString:
    """The entries of the case's timeline. Where the page has all of it (`told`), messages can be taken out."""
    from caseway.web.thread_writer import ThreadWriter

    view, token = getattr(context.get("view"), "slug", ""), str(context.get("csrf_token", ""))
    return ThreadWriter(context["case"], context["employee"], view, token, may_split=bool(context.get("told")))(entries)


@register.simple_tag(takes_context=True)
def include_same(context: Any, name: str) -> SafeString:
    """A part of every page that is the same for all who share language, rights and shortcuts: drawn once."""
    employee, section = context.get("employee"), str(context.get("section", ""))
    if employee is None:
        return _drawn_same(name, get_language(), get_script_prefix(), section, None, False)
    has_shortcuts = bool(employee.has_shortcuts)
    return _drawn_same(name, get_language(), get_script_prefix(), section, employee.role, has_shortcuts)


@lru_cache(maxsize=512)
def _drawn_same(
    name: str, language: str | None, prefix: str, section: str, role: str | None, has_shortcuts: bool
) -> SafeString:
    """`language` and `prefix` (of addresses) are those in force, named so that each has its own."""
    from caseway.accounts.models import Employee

    reader = None if role is None else Employee(role=role, has_shortcuts=has_shortcuts)
    return render_to_string(name, {"employee": reader, "section": section})


@register.filter
def get(mapping: Any, key: Any) -> Any:
    """A value of a dict by a variable key."""
    return mapping.get(key, "") if hasattr(mapping, "get") else ""


@register.filter
def alarm_place(kind: str) -> str:
    """The page on which a kind of alarm is mended."""
    from caseway.web.alarms import PLACES

    return PLACES.get(kind, "outgoing-email")


@register.filter
def first_word(name: str) -> str:
    """How a person is called in passing: 'Parker'; an address or a very short name stays whole."""
    first = str(name).split(" ")[0]
    return first if len(first) > 2 and "@" not in str(name) else str(name)


@register.filter
def words(text: str) -> list[str]:
    """The words of a constant, to loop over."""
    return text.split()


@register.filter
def scripts(names: str) -> list[str]:
    """Paths of our scripts."""
    return [f"caseway/{name}.js" for name in names.split()]


@register.filter
def styled(field: Any) -> SafeString:
    """A form field's control with our class, tied to its error."""
    attributes = {"class": f"{field.field.widget.attrs.get('class', '')} input".strip()}
    if field.errors:
        attributes |= {"aria-invalid": "true", "aria-describedby": f"{field.id_for_label}_error"}
    return mark_safe(str(field.as_widget(attrs=attributes)))  # noqa: S308 - Django's own rendering
