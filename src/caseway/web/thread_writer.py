"""A case's timeline as HTML.

A page shows dozens of messages, so each is written by a function instead of a template with its hundreds of lookups;
what is the same in all of them is made once. What is rare (a file cut off, a mail that was refused) has its template.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

from django.template.defaultfilters import truncatechars
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from caseway.accounts.models import Employee
from caseway.cases.models import Case, Direction, Message
from caseway.mail.written_html import WRITTEN
from caseway.web.addresses import numbered
from caseway.web.templatetags import caseway as drawn
from caseway.web.texts import Moments, addresses, has_more, mentioning, paragraphs, size
from caseway.web.timeline import Entry

FOLDED_TITLE = 80
MOST_WORDS = 120


class ThreadWriter:
    """Writes the entries of one case for one request, in the language that is spoken now.

    `token` is the form's, against forged requests. `may_split`: the page is where a message can be taken out.
    """

    def __init__(self, case: Case, employee: Employee, view: str, token: str, *, may_split: bool) -> None:
        self.case = case
        self.employee = employee
        self.view = escape(view)
        self.moments = Moments()
        self.may_write = bool(employee.may_write)
        self.may_split = may_split and self.may_write and case.deleted_at is None
        self.csrf_token = token
        self.token = f'<input type="hidden" name="csrfmiddlewaretoken" value="{escape(token)}">'
        self.forward_url = escape(reverse("case-forwards", args=[case.number]))
        self.urls = {name: numbered(name) for name in _ADDRESSES}
        self.icon = drawn.icon
        self.words = {name: escape(word) for name, word in _words().items()}
        self.more = (
            f'<button type="button" class="btn btn--quiet btn--icon btn--s msg__more" popovertarget="menu-\0"'
            f' aria-label="{self.words["more"]}">{drawn.icon("ellipsis")}</button>'
            '<div class="menu" id="menu-\0" popover>'
        )
        self.directions = {value: escape(str(label)) for value, label in Direction.choices}

    def __call__(self, entries: Iterable[Entry]) -> SafeString:
        """The entries in their order."""
        found = "".join(self._message(one) if one.message is not None else self._event(one) for one in entries)
        return mark_safe(found)  # noqa: S308 - everything from outside is escaped below

    def _event(self, entry: Entry) -> str:
        return (
            f'<p class="event"{_named(entry)}>{self.icon(entry.icon)}<span>{entry.sentence}</span>'
            f"{self.moments.tag(entry.at)}</p>"
        )

    def _message(self, entry: Entry) -> str:
        message = entry.message
        assert message is not None
        author = escape(message.author)
        side = {"out": " msg--out", "note": " msg--note"}.get(message.direction, "")
        label = f"{self.directions.get(message.direction, '')}: {author}"
        return (
            f'<article class="msg{side}"{_named(entry)} aria-label="{label}">\n'
            f'  <header class="msg__head">{drawn.avatar(message.author, 32)}<div class="msg__who">'
            f"<b><bdi>{author}</bdi>{self._badges(message)}</b>{self._people(message)}</div>"
            f'<span class="msg__when">{self.moments.tag(message.created_at)}</span>{self._menu(message)}</header>\n'
            f"  {self._body(entry, message, author)}\n{self._files(entry)}{self._rest(entry)}{self._damage(message)}"
            f"{self._delivery(message)}</article>"
        )

    def _badges(self, message: Message) -> str:
        found = f' <span class="badge">{self.words["automatic"]}</span>' if message.is_automatic else ""
        if message.is_unverified:
            found += f' <span class="badge badge--warn">{self.words["unverified"]}</span>'
        if message.moved_from is not None:
            label = message.moved_from.label
            title = escape(_("It came to %(label)s") % {"label": label})
            found += f' <span class="badge" title="{title}">{label}</span>'
        return found

    def _people(self, message: Message) -> str:
        if message.direction == Direction.NOTE:
            words = escape(_("Internal note, only your team sees this"))
            return f'<small class="flex flex--tight">{self.icon("lock", "s")}<span class="clip">{words}</span></small>'
        found = _("Forwarded,") + " " if message.kind == "forward" else ""
        if message.direction == Direction.OUT:
            found += _("from %(from)s to %(to)s") % {"from": message.from_email, "to": addresses(message.to)}
        elif message.to:
            found += _("to %(to)s") % {"to": addresses(message.to)}
        else:
            found += message.from_email
        if message.cc:
            found += ", " + _("Cc %(cc)s") % {"cc": addresses(message.cc)}
        return f"<small>{escape(found)}</small>"

    def _menu(self, message: Message) -> str:
        found = self.more.replace("\0", str(message.pk))
        for title, words in ((_("Why here?"), message.evidence), (_("What kind of mail?"), message.kind_reason)):
            if words:
                found += f'<p class="menu__label">{escape(title)}</p><p class="menu__text">{escape(words)}</p>'
        if message.raw_id:
            found += self._original(message)
        if self.may_split:
            found += (
                f'<form method="post" action="{self._url("message-split", message.pk)}">{self.token}'
                f'<input type="hidden" name="list" value="{self.view}"><button class="menu__item">{self.icon("split")}'
                f"{self.words['split']}</button></form>"
                f'<button class="menu__item needs-js" type="button" data-pick="move"'
                f' data-action="{self._url("message-move", message.pk)}"'
                f' data-title="{self.words["move_title"]}">{self.icon("corner-up-right")}'
                f"{self.words['move']}</button>"
            )
        return found + "</div>"

    def _original(self, message: Message) -> str:
        source = self._url("message-source", message.pk)
        forward = (
            f'<form method="post" action="{self.forward_url}">{self.token}<button class="menu__item" name="message"'
            f' value="{message.pk}">{self.icon("forward")}{self.words["forward"]}</button></form>'
        )
        return (
            f"{forward if self.may_write else ''}"
            f'<a class="menu__item" href="{source}" target="_blank" rel="noopener">{self.icon("file-text")}'
            f'{self.words["original"]}</a><a class="menu__item" href="{source}?download">{self.icon("download")}'
            f"{self.words['download_original']}</a>"
        )

    def _body(self, entry: Entry, message: Message, author: str) -> str:
        start = message.html_start  # type: ignore[attr-defined] # annotated by the timeline
        if (start and message.direction == Direction.IN) or start == WRITTEN:
            return self._frame(message, author)
        shown = message.new_text or message.text
        if message.is_automatic and message.direction == Direction.OUT:
            title = truncatechars(message.subject or _("Show the text"), FOLDED_TITLE)
            return (
                f'<details class="msg__body msg__body--lined"><summary class="quoted">{self.icon("ellipsis", "s")}'
                f'{escape(title)}</summary><div class="fold__text" dir="auto">{paragraphs(shown)}</div></details>'
            )
        fold = ""
        if has_more(message.text, message.new_text):
            fold = (
                f'<details class="fold"><summary class="quoted">{self.icon("ellipsis", "s")}'
                f'{self.words["whole"]}</summary><div class="fold__text" dir="auto">'
                f"{paragraphs(message.text)}</div></details>"
            )
        text = mentioning(paragraphs(shown), entry.mentions)
        return f'<div class="msg__body msg__body--lined">{text}{fold}</div>'

    def _frame(self, message: Message, author: str) -> str:
        one = escape(_("1 remote image blocked. Loading it tells the sender you opened this."))
        many = escape(_("%s remote images blocked. Loading them tells the sender you opened this."))
        title = escape(_("Message from %(author)s")) % {"author": author}
        return (
            f'<div class="blocked" hidden data-blocked-images>{self.icon("image-off")}<span data-one="{one}"'
            f' data-many="{many}"></span><button type="button" class="btn btn--s" data-show-images>'
            f"{self.words['show_once']}</button></div>\n"
            f'  <div class="msg__frame"><iframe class="mailframe" src="{self._url("message-body", message.pk)}"'
            ' sandbox="allow-same-origin allow-popups allow-popups-to-escape-sandbox" referrerpolicy="no-referrer"'
            f' loading="lazy" title="{title}"></iframe><button type="button" class="quoted" hidden data-show-quote>'
            f"{self.icon('ellipsis', 's')}{self.words['whole']}</button></div>"
        )

    def _files(self, entry: Entry) -> str:
        if not entry.files or entry.message is None:
            return ""
        found = "".join(map(self._file, entry.files))
        if len(entry.files) > 1:
            words = escape(_("Download all %(count)s") % {"count": len(entry.files)})
            url = self._url("message-files", entry.message.pk)
            found += (
                f'<a class="btn btn--quiet btn--s files__all" href="{url}" download>{self.icon("folder-down", "s")}'
                f"{words}</a>"
            )
        return f'  <div class="files">{found}</div>\n'

    def _file(self, file: dict[str, Any]) -> str:
        own, preview = self._url("attachment", file["pk"]), self._url("attachment-preview", file["pk"])
        view, name = file["view"], escape(file["name"])
        opening, sign, download = f'href="{own}" download', self.icon("file-text"), ""
        if view:
            opening = f'href="{self._url("attachment-view", file["pk"])}" target="_blank" rel="noopener"'
            label = escape(_("Download %(name)s") % {"name": file["name"]})
            download = (
                f'<a class="btn btn--quiet btn--icon btn--s" href="{own}" download aria-label="{label}"'
                f' title="{self.words["download"]}">{self.icon("download", "s")}</a>'
            )
        if view == "image":
            opening += f' data-picture="{preview}"'
            sign = mark_safe(f'<img src="{preview}" alt="" loading="lazy" width="36" height="36">')  # noqa: S308
        elif view == "mail":
            sign = self.icon("mail")
        return (
            f'<span class="file"><a class="file__open" {opening}><span class="file__thumb">{sign}</span>'
            f"<span><bdi>{name}</bdi><small>{escape(size(file['size']))}</small></span></a>{download}</span>"
        )

    def _rest(self, entry: Entry) -> str:
        if not entry.rests:
            return ""
        return self._drawn("cases/_rest.html", entry=entry, message=entry.message)

    def _damage(self, message: Message) -> str:
        if not message.defects:
            return ""
        count = len(message.defects)
        words = ngettext(
            "This mail is damaged in %(count)s place; the original is kept.",
            "This mail is damaged in %(count)s places; the original is kept.",
            count,
        ) % {"count": count}
        return f'  <p class="msg__foot">{self.icon("triangle-alert", "s")}{escape(words)}</p>\n'

    def _delivery(self, message: Message) -> str:
        outbound = getattr(message, "outbound", None)
        if message.direction != Direction.OUT or outbound is None:
            return ""
        copy = getattr(outbound, "sent_copy", None)
        if outbound.state != "sent" or (copy is not None and copy.words and copy.state != "kept"):
            return self._drawn("cases/_delivery.html", outbound=outbound, message=message)
        words = escape(outbound.evidence)
        if not words and outbound.server_words:
            words = f'<bdi dir="ltr">{escape(truncatechars(outbound.server_words, MOST_WORDS))}</bdi>'
        return (
            f'  <div class="msg__foot"><span class="delivery">{self.icon("check-check", "s")}{self.words["sent"]}'
            f"</span><span>{words}</span></div>\n"
        )

    def _drawn(self, template: str, **values: Any) -> str:
        around = {"case": self.case, "employee": self.employee, "csrf_token": self.csrf_token}
        return render_to_string(template, around | values)

    def _url(self, name: str, pk: int) -> str:
        return self.urls[name](pk)


def _words() -> dict[str, str]:
    return {
        "more": _("More about this entry"),
        "automatic": _("Automatic"),
        "unverified": _("Sender not verified"),
        "forward": _("Forward this mail"),
        "original": _("Show original"),
        "download_original": _("Download original"),
        "split": _("Split into a case of its own"),
        "move": _("Move to another case…"),
        "move_title": _("Move this message to…"),
        "whole": _("Show the whole message"),
        "show_once": _("Show once"),
        "download": _("Download"),
        "sent": _("Sent"),
    }


_ADDRESSES = (
    *("message-body", "message-source", "message-split", "message-move", "message-files"),
    *("attachment", "attachment-view", "attachment-preview"),
)


def _named(entry: Entry) -> str:
    key = escape(entry.key)
    return f' id="{key}" data-entry="{key}" data-version="{escape(entry.version)}"'
