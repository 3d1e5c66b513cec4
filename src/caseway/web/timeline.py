"""A case's history as the page tells it: messages as they are, events that happened together as one sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from caseway.cases.models import Case, Event, Message
from caseway.web.files import how_to_view
from caseway.web.sentences import ICONS, begun, tell

TOGETHER = timedelta(minutes=2)
"""Events of one person within this time are told in one sentence."""
LATEST = 25
"""Entries that a page shows at first; earlier ones wait for a click."""
MOST = 1_000
"""Entries that an open page may ask for anew."""


@dataclass(slots=True)
class Entry:
    """One child of the thread. `key` names it in the page; `version` changes when it has to be drawn again."""

    key: str
    at: datetime
    version: str
    message: Message | None = None
    events: list[Event] = field(default_factory=list)
    files: list[dict[str, Any]] = field(default_factory=list)
    rests: list[dict[str, Any]] = field(default_factory=list)
    """What is missing of a mail that was too large to be fetched whole."""
    mentions: list[str] = field(default_factory=list)
    """Names of colleagues whom a note calls."""

    @property
    def icon(self) -> str:
        return ICONS.get(self.events[0].kind, "history")

    @property
    def sentence(self) -> SafeString:
        """'Dana set the priority to High, tags changed': whoever did it, then what was done."""
        actor = self.events[0].employee
        told = [phrase for event in self.events if (phrase := tell(event))]
        phrases = format_html_join(", ", "{}", ((phrase,) for phrase in told))
        if actor is None:
            return begun(phrases)
        return format_html("<b>{}</b> {}", actor.name, phrases)


@dataclass(frozen=True, slots=True)
class Told:
    """A stretch of a case's history."""

    entries: list[Entry]
    first: str
    """Key of its first entry."""
    has_earlier: bool
    is_latest: bool = True
    """It ends with what happened last."""

    @property
    def message_ids(self) -> list[int]:
        return [entry.message.pk for entry in self.entries if entry.message is not None]

    @property
    def all_messages(self) -> list[Message] | None:
        """All messages of the case; None when there may be others."""
        if self.has_earlier or not self.is_latest:
            return None
        return [entry.message for entry in self.entries if entry.message is not None]

    @property
    def has_unknown_address(self) -> bool:
        """Some mail came to an address of ours that no row names; of earlier ones it is not known."""
        return self.has_earlier or any(entry.message and entry.message.unknown_address for entry in self.entries)

    def add_files(self, found: Mapping[str, list[dict[str, Any]]]) -> None:
        """Give each message what `surroundings.files` found of it."""
        of = {entry.message.pk: entry for entry in self.entries if entry.message is not None}
        for row in found["files"]:
            row["view"] = how_to_view(row["name"], row["content_type"], row["size"])
            of[row["message_id"]].files.append(row)
        for row in found["rests"]:
            of[row["message_id"]].rests.append(row)
        for row in found["mentions"]:
            of[row["message_id"]].mentions.append(row["name"])
        for entry in of.values():
            states = [str(row["state"]) for row in entry.rests if row["state"]]
            entry.version = "-".join([entry.version, str(len(entry.files)), *states])


def entries(case: Case, *, size: int = LATEST, before: str = "", since: str = "") -> Told:
    """The timeline: the latest `size` entries, or those before or since a key. Their files come by `add_files`."""
    page = case.timeline_page(size=MOST if since else size, before=before, since=since)
    return Told(_grouped(page.entries), page.first, page.has_earlier, not before)


def _grouped(items: Iterable[Message | Event]) -> list[Entry]:
    result: list[Entry] = []
    for item in items:
        if isinstance(item, Message):
            result.append(Entry(f"message-{item.pk}", item.created_at, _message_version(item), message=item))
        elif tell(item):
            last = result[-1] if result else None
            if last is not None and last.events and _belongs(last.events[-1], item):
                last.events.append(item)
                last.version = str(len(last.events))
            else:
                result.append(Entry(f"event-{item.pk}", item.created_at, "1", events=[item]))
    return result


def _belongs(before: Event, after: Event) -> bool:
    return before.employee_id == after.employee_id and after.created_at - before.created_at <= TOGETHER


def _message_version(message: Message) -> str:
    outbound = getattr(message, "outbound", None)
    if outbound is None:
        return "1"
    copy = getattr(outbound, "sent_copy", None)
    return f"{outbound.state}-{outbound.attempts}-{outbound.send_at:%Y%m%d%H%M%S}" + (
        f"-{copy.state}-{copy.attempts}" if copy else ""
    )
