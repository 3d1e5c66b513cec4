"""A case's history: what was said and done, in the order of time, and who may be written to."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar, cast

from django.db.models import Model, Q, QuerySet
from django.db.models.functions import Left

from caseway.accounts.prepared import PreparedRows
from caseway.cases.models.choices import EventKind
from caseway.cases.models.verbs.changing import Changing, check_may_write
from caseway.mail.address import address_key
from caseway.mail.written_html import WRITTEN

if TYPE_CHECKING:
    from caseway.accounts.models import Employee
    from caseway.cases.models import Case, Event, Message

Row = TypeVar("Row", bound=Model)
_OUTBOUND = (
    *("state", "attempts", "send_at", "is_scheduled", "evidence", "server_words", "created_at", "kind"),
    *("sent_copy__state", "sent_copy__attempts", "sent_copy__words"),
)
_SHOWN = (
    *("organisation", "case", "direction", "is_automatic", "is_unverified", "raw", "from_name", "from_email", "to"),
    *("cc", "reply_to", "subject", "text", "new_text", "kind", "kind_reason", "evidence", "unknown_address"),
    *("defects", "moved_from__number", "sent_at", "created_at", "contact", "employee__name"),
    *(f"outbound__{name}" for name in _OUTBOUND),
)
_EVENT = ("organisation", "case", "message", "kind", "data", "employee__name", "created_at")


@dataclass(frozen=True, slots=True)
class TimelinePage:
    """Entries in the order of time, and whether there are earlier ones."""

    entries: list[Message | Event]
    has_earlier: bool

    @property
    def first(self) -> str:
        """Key of the first entry; '' when there is none."""
        return timeline_key(self.entries[0]) if self.entries else ""


class Telling(Changing):
    def timeline(self) -> list[Message | Event]:
        """Messages and events in the order of time, ready to be shown without further queries."""
        messages = self._messages().select_related("contact").prefetch_related("attachments", "inbound__remainder")
        return sorted([*messages, *self._events()], key=_place)

    def timeline_page(self, *, size: int, before: str = "", since: str = "") -> TimelinePage:
        """The latest `size` entries: of all, or of those before the key `before`, or since the key `since`.

        Two queries; attachments are not read. A key that cannot be read is no key.
        """
        case = cast("Case", self)
        found: list[Message | Event]
        if before or since:
            messages, events = _shown(case.pk), _events(case.pk)
            if key := _read_key(before):
                messages, events = messages.filter(_before(key, 0)), events.filter(_before(key, 1))
            elif key := _read_key(since):
                messages, events = messages.exclude(_before(key, 0)), events.exclude(_before(key, 1))
            found = [*_latest(messages, size), *_latest(events, size)]
        else:
            latest_messages, latest_events = _prepared(size)
            found = [*latest_messages.fetch(case=case.pk), *latest_events.fetch(case=case.pk)]
        for entry in found:
            entry.case = case
        found.sort(key=_place)
        return TimelinePage(found[-size:], has_earlier=len(found) > size)

    def _messages(self) -> QuerySet[Message]:
        return _messages(cast("Case", self).pk)

    def _events(self) -> QuerySet[Event]:
        return _events(cast("Case", self).pk)

    def verify_participant(self, email: str, *, by: Employee) -> Event | None:
        """From now on the address is one that may be written to from this case."""
        case = cast("Case", self)
        check_may_write(by)
        changed = case.participants.filter(key=address_key(email), is_verified=False).update(is_verified=True)
        return self._change(EventKind.VERIFIED, {"email": email}, by, 0) if changed else None


def _messages(case: int) -> QuerySet[Message]:
    from caseway.cases.models import Message

    rows = Message.objects.filter(case=case)
    return rows.select_related("employee", "outbound", "outbound__sent_copy", "moved_from")


def _shown(case: int) -> QuerySet[Message]:
    """What a page shows of messages. Of HTML, which has a frame of its own, only what it begins with."""
    return _messages(case).annotate(html_start=Left("html", len(WRITTEN))).only(*_SHOWN)


def _events(case: int) -> QuerySet[Event]:
    from caseway.cases.models import Event

    return Event.objects.filter(case=case).select_related("employee").only(*_EVENT)


def _latest(rows: QuerySet[Row], size: int) -> QuerySet[Row]:
    """One more than a page holds: whether there are earlier ones."""
    return rows.order_by("-created_at", "-pk")[: size + 1]


@lru_cache(maxsize=8)
def _prepared(size: int) -> tuple[PreparedRows[Message], PreparedRows[Event]]:
    return (
        PreparedRows(lambda case: _latest(_shown(case), size)),
        PreparedRows(lambda case: _latest(_events(case), size)),
    )


def timeline_key(entry: Message | Event) -> str:
    """Names an entry's place in the order of time."""
    moment, rank, pk = _place(entry)
    return f"{moment.astimezone(datetime.UTC).isoformat()}_{rank}_{pk}"


def _place(entry: Message | Event) -> tuple[datetime.datetime, int, int]:
    from caseway.cases.models import Event

    return entry.created_at, int(isinstance(entry, Event)), entry.pk


def _read_key(text: str) -> tuple[datetime.datetime, int, int] | None:
    parts = text.replace(" ", "+").rsplit("_", 2)
    try:
        moment = datetime.datetime.fromisoformat(parts[0])
        key = moment, int(parts[1]), int(parts[2])
    except (ValueError, IndexError):
        return None
    return key if moment.tzinfo is not None else None


def _before(key: tuple[datetime.datetime, int, int], rank: int) -> Q:
    """Rows of that rank (0 messages, 1 events) that stand before the key."""
    moment, key_rank, pk = key
    same_moment = Q(created_at=moment)
    if rank == key_rank:
        return Q(created_at__lt=moment) | (same_moment & Q(pk__lt=pk))
    return Q(created_at__lte=moment) if rank < key_rank else Q(created_at__lt=moment)
