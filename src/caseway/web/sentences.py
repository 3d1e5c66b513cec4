"""What happened to a case, as parts of sentences: 'assigned it to Maya', 'snoozed until Mon 9:00'."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from django.urls import reverse
from django.utils import formats, timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from caseway.cases.models import Event, EventKind, FieldKind, Priority, Status
from caseway.web.formats import short_date


def tell(event: Event) -> SafeString | str:
    """What happened, to be put behind the name of whoever did it, or standing alone; '' for what is told elsewhere."""
    phrase = PHRASES.get(event.kind)
    data = event.data if isinstance(event.data, Mapping) else {}
    return phrase(data, event.employee_id is not None) if phrase else ""


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
    EventKind.SNOOZED: "clock",
    EventKind.WOKEN: "alarm-clock",
    EventKind.MERGED: "merge",
    EventKind.UNMERGED: "split",
    EventKind.SPLIT: "split",
    EventKind.MOVED: "corner-up-right",
    EventKind.LINKED: "link",
    EventKind.UNLINKED: "unlink",
    EventKind.FOLLOWED: "bell",
    EventKind.UNFOLLOWED: "bell-off",
    EventKind.CONTACT: "user-pen",
    EventKind.FIELD: "pencil",
}


def tell_alone(event: Event) -> SafeString | str:
    """The same without naming who did it: 'priority set to High'."""
    phrase = PHRASES.get(event.kind)
    return phrase(event.data, False) if phrase else ""


def begun(phrase: str) -> SafeString:
    """The phrase as the beginning of a sentence. Those of languages without capitals stay."""
    return mark_safe(phrase[:1].upper() + phrase[1:])  # noqa: S308 - made by format_html, or a translation


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
    added = [tag for tag in after if tag not in before]
    removed = [tag for tag in before if tag not in after]
    parts = []
    if added and is_acting:
        parts.append(_listed(ngettext("added the tag {tags}", "added the tags {tags}", len(added)), added))
    elif added:
        parts.append(_listed(ngettext("tag {tags} added", "tags {tags} added", len(added)), added))
    if removed and is_acting:
        parts.append(_listed(ngettext("removed the tag {tags}", "removed the tags {tags}", len(removed)), removed))
    elif removed:
        parts.append(_listed(ngettext("tag {tags} removed", "tags {tags} removed", len(removed)), removed))
    return format_html_join(", ", "{}", ((part,) for part in parts))


def _listed(text: str, tags: list[str]) -> SafeString:
    return _bold(text, tags=", ".join(tags))


def _need_by(data: Data, is_acting: bool) -> SafeString | str:
    after = data.get("after")
    if not after:
        return _("took the need-by date away") if is_acting else _("need-by date taken away")
    day = short_date(date.fromisoformat(str(after)))
    return _bold(_("set need by to {after}") if is_acting else _("need by set to {after}"), after=day)


def _acknowledged(data: Data, is_acting: bool) -> SafeString:
    told = _bold(_("acknowledgement for {to}"), to=data.get("to", ""))
    problem = data.get("problem")
    return format_html("{} ({})", told, problem) if problem else told


def _bounced(data: Data, is_acting: bool) -> SafeString:
    told = _bold(_("mail to {to} was not delivered"), to=data.get("recipient", ""))
    return format_html("{}: {} {}", told, data.get("status", ""), data.get("diagnostic", ""))


def _related(data: Data, is_acting: bool) -> SafeString:
    return _bold(_("possibly related to {label}"), label=f"CW-{data.get('number')}")


def _snoozed(data: Data, is_acting: bool) -> SafeString | str:
    until = data.get("until")
    if not until:
        return _("snoozed it until a reply") if is_acting else _("snoozed until a reply")
    when = formats.date_format(timezone.localtime(datetime.fromisoformat(until)), "D j M, H:i")
    return _bold(_("snoozed it until {when}") if is_acting else _("snoozed until {when}"), when=when)


def _woken(data: Data, is_acting: bool) -> str:
    if is_acting:
        return _("woke it up")
    return _("woken by a reply") if data.get("by") == "reply" else _("snooze is over")


def _merged(data: Data, is_acting: bool) -> SafeString:
    if "into" in data:
        text = _("merged it into {case}") if is_acting else _("merged into {case}")
        return _bold(text, case=_case(data["into"]))
    return _bold(_("merged {case} into it") if is_acting else _("{case} merged into it"), case=_case(data["number"]))


def _unmerged(data: Data, is_acting: bool) -> SafeString:
    text = _("separated it from {case}") if is_acting else _("separated from {case}")
    return _bold(text, case=_case(data.get("number")))


def _split(data: Data, is_acting: bool) -> SafeString:
    if "from" in data:
        text = _("split it out of {case}") if is_acting else _("split out of {case}")
        return _bold(text, case=_case(data["from"]))
    text = _("split a message out into {case}") if is_acting else _("message split out into {case}")
    return _bold(text, case=_case(data.get("number")))


def _moved(data: Data, is_acting: bool) -> SafeString:
    if "from" in data:
        text = _("moved a message here from {case}") if is_acting else _("message moved here from {case}")
        return _bold(text, case=_case(data["from"]))
    text = _("moved a message to {case}") if is_acting else _("message moved to {case}")
    return _bold(text, case=_case(data.get("to")))


def _linked(data: Data, is_acting: bool) -> SafeString:
    text = _("linked it with {case}") if is_acting else _("linked with {case}")
    return _bold(text, case=_case(data.get("number")))


def _unlinked(data: Data, is_acting: bool) -> SafeString:
    text = _("took the link with {case} away") if is_acting else _("link with {case} taken away")
    return _bold(text, case=_case(data.get("number")))


def _followed(data: Data, is_acting: bool) -> SafeString | str:
    if data.get("is_self"):
        return _("follows this case") if is_acting else _("you follow this case")
    text = _("added {name} as a follower") if is_acting else _("{name} follows this case")
    return _bold(text, name=data.get("employee", ""))


def _unfollowed(data: Data, is_acting: bool) -> SafeString | str:
    if data.get("is_self"):
        return _("does not follow this case any more") if is_acting else _("you do not follow this case any more")
    text = _("removed the follower {name}") if is_acting else _("{name} does not follow this case any more")
    return _bold(text, name=data.get("employee", ""))


def _contact(data: Data, is_acting: bool) -> SafeString | str:
    after = data.get("after")
    if not after:
        return _("took the contact away") if is_acting else _("contact taken away")
    return _bold(_("set the contact to {name}") if is_acting else _("contact set to {name}"), name=after)


def _field(data: Data, is_acting: bool) -> SafeString:
    field, after = data.get("field", ""), data.get("after")
    if not after:
        return _bold(_("cleared {field}") if is_acting else _("{field} cleared"), field=field)
    if data.get("kind") == FieldKind.DATE:
        after = short_date(date.fromisoformat(str(after)))
    text = _("set {field} to {after}") if is_acting else _("{field} set to {after}")
    return _bold(text, field=field, after=after)


def _case(number: Any) -> SafeString | str:
    """A case's number that leads there."""
    if not isinstance(number, int):
        return "?"
    return format_html('<a href="{}">CW-{}</a>', reverse("case", args=[number]), number)


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
    EventKind.NOT_ACKNOWLEDGED: _reason(gettext_noop("no acknowledgement")),
    EventKind.REOPENED: lambda data, acting: _("reopened it") if acting else _("reopened by a reply"),
    EventKind.AUTOMATIC_MAIL: _reason(gettext_noop("automatic mail arrived")),
    EventKind.BOUNCED: _bounced,
    EventKind.DELETED: lambda data, acting: _("deleted it") if acting else _("deleted"),
    EventKind.RESTORED: lambda data, acting: _("restored it") if acting else _("restored"),
    EventKind.RELATED: _related,
    EventKind.JOINED: lambda data, acting: _bold(_("{email} wrote for the first time here"), email=data.get("email")),
    EventKind.VERIFIED: lambda data, acting: _bold(_("accepted {email}"), email=data.get("email")),
    EventKind.SNOOZED: _snoozed,
    EventKind.WOKEN: _woken,
    EventKind.MERGED: _merged,
    EventKind.UNMERGED: _unmerged,
    EventKind.SPLIT: _split,
    EventKind.MOVED: _moved,
    EventKind.LINKED: _linked,
    EventKind.UNLINKED: _unlinked,
    EventKind.FOLLOWED: _followed,
    EventKind.UNFOLLOWED: _unfollowed,
    EventKind.CONTACT: _contact,
    EventKind.FIELD: _field,
}


def _label(choices: Any, value: Any) -> str:
    return str(dict(choices.choices).get(value, value))
