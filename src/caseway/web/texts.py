"""Values as people read them: times, sizes, addresses, and plain text as paragraphs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.html import escape, urlize
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from caseway.mail.model import Address
from caseway.web import formats


class Moments:
    """Writes moments for one page: what now is and where the reader lives is asked once."""

    def __init__(self) -> None:
        self.zone = timezone.get_current_timezone()
        self.now = timezone.now()
        self.today = self.now.astimezone(self.zone).date()

    def when(self, moment: datetime) -> str:
        """Relative under one hour, clock time today, weekday this week, date after."""
        return _when(moment.astimezone(self.zone), self.now, self.today)

    def tag(self, moment: datetime, *, full: bool = False) -> SafeString:
        """A <time> that the page keeps fresh; its title holds the whole date. `full`: so does its text."""
        local = moment.astimezone(self.zone)
        title = formats.full(local)
        text, mark = (title, "") if full else (_when(local, self.now, self.today), " data-when")
        start = f'<time datetime="{moment.isoformat(timespec="seconds")}" title="{escape(title)}"{mark}>'
        return mark_safe(f"{start}{escape(text)}</time>")  # noqa: S308 - escaped


def when(moment: datetime | None) -> str:
    """As `Moments.when`; nothing for None."""
    return "" if moment is None else Moments().when(moment)


def _when(local: datetime, now: datetime, today: date) -> str:
    minutes = int((now - local).total_seconds() // 60)
    if 0 <= minutes < 1:
        return _("now")
    if 0 <= minutes < 60:
        return ngettext("%(count)s min ago", "%(count)s min ago", minutes) % {"count": minutes}
    if local.date() == today:
        return formats.clock(local)
    if local.date() == today - timedelta(days=1):
        return _("Yesterday")
    if timedelta(0) < today - local.date() < timedelta(days=7):
        return formats.weekday(local)
    return formats.short_date(local, today.year)


def day(value: date | None) -> str:
    """A date without time, short."""
    return formats.short_date(value) if value else ""


def size(count: int) -> str:
    """Bytes for people."""
    return filesizeformat(count).replace(".0\xa0", "\xa0")


def lines(values: Iterable[str] | None) -> str:
    """One value a line, as a text field shows them."""
    return "\n".join(values or ())


def addresses(pairs: Any) -> str:
    """The names (or addresses) of a message's [[name, email], …]."""
    return ", ".join(str(name or email) for name, email in pairs or [])


def plain(value: Any) -> str:
    """A number as it is typed: without the signs that a language groups digits with."""
    return str(value)


def milliseconds(count: Any) -> str:
    """A duration for people: '34 ms', '2.1 s'."""
    if not isinstance(count, int | float):
        return ""
    return f"{count:.0f}\xa0ms" if count < 1000 else f"{formats.number(count / 1000, 1)}\xa0s"


def number(count: Any) -> str:
    """A count with the language's marks between thousands. Never for case numbers and ids."""
    return formats.number(count) if isinstance(count, int | float) else str(count)


def paragraphs(text: str) -> SafeString:
    """Plain text as paragraphs: escaped, addresses made links, each choosing its own direction."""
    blocks = re.split(r"\n[ \t]*\n", str(text).replace("\r\n", "\n"))
    links = (urlize(escape(block.strip("\n")), nofollow=True) for block in blocks if block.strip())
    return mark_safe("".join(f'<p dir="auto">{block}</p>'.replace("\n", "<br>") for block in links))  # noqa: S308


def mentioning(html: SafeString, names: Iterable[str]) -> SafeString:
    """`paragraphs` with '@name' of these colleagues marked. Inside an address the sign follows no space."""
    wanted = sorted({str(escape(name)) for name in names if name}, key=len, reverse=True)
    if not wanted:
        return html
    called = rf"(?:(?<![^\s>])|(?<=[\s>]\())@(?:{'|'.join(map(re.escape, wanted))})(?!\w)"
    marked = re.sub(called, lambda found: f'<b class="mention">{found[0]}</b>', html)
    return mark_safe(marked)  # noqa: S308 - what was safe, with marks around words of it


def has_more(text: str, shown: str) -> bool:
    """Whether the whole text holds words that what is shown lacks."""
    return bool(shown) and len(" ".join(str(text).split())) > len(" ".join(str(shown).split()))


def written(people: Iterable[Address]) -> str:
    """Addresses as a person types them into To."""
    return ", ".join(f"{_quoted(one.name)} <{one.email}>" if one.name else one.email for one in people or ())


def _quoted(name: str) -> str:
    return '"' + name.replace("\\", "").replace('"', "") + '"' if re.search(r'[",;<>@:()\[\]\\]', name) else name
