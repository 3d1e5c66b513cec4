"""A case's history as the page tells it: messages as they are, events that happened together as one sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from caseway.cases.models import Case, Event, EventKind, Message, Priority, Status

TOGETHER = timedelta(minutes=2)
"""Events of one person within this time are told in one sentence."""


@dataclass(slots=True)
class Entry:
    """One child of the thread. `key` names it in the page; `version` changes when it has to be drawn again."""

    key: str
    at: datetime
    version: str
    message: Message | None = None
    events: list[Event] = field(default_factory=list)

    @property
    def icon(self) -> str:
        return ICONS.get(self.events[0].kind, "history")

    @property
    def sentence(self) -> SafeString:
        """'Dana set the priority to High, tags changed': whoever did it, then what was done."""
        actor = self.events[0].employee
        told = [phrase for event in self.events if (phrase := tell(event, is_acting=actor is not None))]
        phrases = format_html_join(", ", "{}", ((phrase,) for phrase in told))
        if actor is None:
            return mark_safe(phrases[:1].upper() + phrases[1:])  # noqa: S308 - made by format_html
        return format_html("<b>{}</b> {}", actor.name, phrases)


def entries(case: Case) -> list[Entry]:
    """The case's timeline, ready to be drawn."""
    result: list[Entry] = []
    for item in case.timeline():
        if isinstance(item, Message):
            result.append(Entry(f"message-{item.pk}", item.created_at, _message_version(item), message=item))
        elif tell(item, is_acting=False):
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
    if outbound is not None:
        copy = getattr(outbound, "sent_copy", None)
        return f"{outbound.state}-{outbound.attempts}-{outbound.send_at:%Y%m%d%H%M%S}" + (
            f"-{copy.state}-{copy.attempts}" if copy else ""
        )
    parts = [str(len(message.attachments.all()))]
    for inbound in message.inbound.all():
        rest = getattr(inbound, "remainder", None)
        parts += [rest.state] if rest is not None else []
    return "-".join(parts)


def tell(event: Event, *, is_acting: bool) -> SafeString | str:
    """What happened, as part of a sentence; '' for what is told elsewhere."""
    phrase = PHRASES.get(event.kind)
    return phrase(event.data if isinstance(event.data, Mapping) else {}, is_acting) if phrase else ""


ICONS: dict[str, str] = {
    EventKind.CREATED: "zap",
    EventKind.ASSIGNED: "user-plus",
    EventKind.STATUS: "circle-dashed",
    EventKind.PRIORITY: "chevrons-up",
    EventKind.TAGS: "tag",
    EventKind.TYPE: "shapes",
    EventKind.NEED_BY: "calendar",
    EventKind.ACKNOWLEDGED: "mail-check",
    EventKind.NOT_ACKNOWLEDGED: "mail-x",
    EventKind.REOPENED: "rotate-ccw",
    EventKind.AUTOMATIC_MAIL: "bot",
    EventKind.BOUNCED: "triangle-alert",
    EventKind.DELETED: "trash-2",
    EventKind.RESTORED: "archive-restore",
    EventKind.RELATED: "link",
    EventKind.JOINED: "user-plus",
    EventKind.VERIFIED: "user-check",
}

Data = Mapping[str, Any]


def _bold(text: str, **values: Any) -> SafeString:
    """A translated sentence part whose values are bold and escaped."""
    return format_html(text, **{name: format_html("<b>{}</b>", value) for name, value in values.items()})


def _created(data: Data, is_acting: bool) -> SafeString:
    source = {"email": _("Email to Case"), "api": _("the API")}.get(str(data.get("by")), _("hand"))
    told = _("created the case") if is_acting else _bold(_("created by {source}"), source=source)
    if assignee := data.get("employee") or data.get("team"):
        return format_html("{}, {}", told, _bold(_("assigned to {name}"), name=assignee))
    return format_html("{}", told)


def _assigned(data: Data, is_acting: bool) -> SafeString | str:
    name = data.get("employee") or data.get("team")
    if not name:
        return _("took the assignee away") if is_acting else _("assignee taken away")
    return _bold(_("assigned it to {name}") if is_acting else _("assigned to {name}"), name=name)


def _status(data: Data, is_acting: bool) -> SafeString:
    after = _label(Status, data.get("after"))
    return _bold(_("set the status to {after}") if is_acting else _("status set to {after}"), after=after)


def _priority(data: Data, is_acting: bool) -> SafeString:
    after = _label(Priority, data.get("after"))
    return _bold(_("set the priority to {after}") if is_acting else _("priority set to {after}"), after=after)


def _type(data: Data, is_acting: bool) -> SafeString:
    after = data.get("after") or _("none")
    return _bold(_("set the type to {after}") if is_acting else _("type set to {after}"), after=after)


def _tags(data: Data, is_acting: bool) -> SafeString:
    before, after = list(data.get("before") or []), list(data.get("after") or [])
    added = ", ".join(tag for tag in after if tag not in before)
    removed = ", ".join(tag for tag in before if tag not in after)
    parts = []
    if added:
        parts.append(_bold(_("added the tag {tags}") if is_acting else _("tag {tags} added"), tags=added))
    if removed:
        parts.append(_bold(_("removed the tag {tags}") if is_acting else _("tag {tags} removed"), tags=removed))
    return format_html_join(", ", "{}", ((part,) for part in parts))


def _need_by(data: Data, is_acting: bool) -> SafeString | str:
    after = data.get("after")
    if not after:
        return _("took the need-by date away") if is_acting else _("need-by date taken away")
    return _bold(_("set need by to {after}") if is_acting else _("need by set to {after}"), after=after)


def _acknowledged(data: Data, is_acting: bool) -> SafeString:
    told = _bold(_("acknowledgement for {to}"), to=data.get("to", ""))
    problem = data.get("problem")
    return format_html("{} ({})", told, problem) if problem else told


def _bounced(data: Data, is_acting: bool) -> SafeString:
    told = _bold(_("mail to {to} was not delivered"), to=data.get("recipient", ""))
    return format_html("{}: {} {}", told, data.get("status", ""), data.get("diagnostic", ""))


def _related(data: Data, is_acting: bool) -> SafeString:
    return _bold(_("possibly related to {label}"), label=f"CW-{data.get('number')}")


def _reason(text: str) -> Callable[[Data, bool], SafeString]:
    return lambda data, _acting: format_html("{}: {}", _(text), data.get("reason", ""))


PHRASES: dict[str, Callable[[Data, bool], SafeString | str]] = {
    EventKind.CREATED: _created,
    EventKind.ASSIGNED: _assigned,
    EventKind.STATUS: _status,
    EventKind.PRIORITY: _priority,
    EventKind.TYPE: _type,
    EventKind.TAGS: _tags,
    EventKind.NEED_BY: _need_by,
    EventKind.ACKNOWLEDGED: _acknowledged,
    EventKind.NOT_ACKNOWLEDGED: _reason("no acknowledgement"),
    EventKind.REOPENED: lambda data, acting: _("reopened it") if acting else _("reopened by a reply"),
    EventKind.AUTOMATIC_MAIL: _reason("automatic mail arrived"),
    EventKind.BOUNCED: _bounced,
    EventKind.DELETED: lambda data, acting: _("deleted it") if acting else _("deleted"),
    EventKind.RESTORED: lambda data, acting: _("restored it") if acting else _("restored"),
    EventKind.RELATED: _related,
    EventKind.JOINED: lambda data, acting: _bold(_("{email} wrote for the first time here"), email=data.get("email")),
    EventKind.VERIFIED: lambda data, acting: _bold(_("accepted {email}"), email=data.get("email")),
}


def _label(choices: Any, value: Any) -> str:
    return str(dict(choices.choices).get(value, value))
