"""One row of a list of cases as HTML.

A page shows fifty of them, so they are written by one function instead of a template with its dozens of lookups; what
is the same in every row is made once.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from html import escape

from django.template.defaultfilters import date as formatted
from django.template.defaultfilters import truncatechars
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from caseway.cases.models import Case, Priority, Status
from caseway.web.addresses import numbered
from caseway.web.templatetags import caseway as drawn
from caseway.web.texts import Moments

DRAFT_SHOWN = 160
_BEGINNING, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)


def changed(moment: datetime) -> int:
    """The moment of a case's latest change as pages compare it: microseconds since 1970."""
    return (moment - _BEGINNING) // _MICROSECOND


class RowWriter:
    """Writes the rows of one list for one request, in the language that is spoken now.

    `moment` names the attribute of a case whose time is shown; `drafts` holds what somebody began to write, by case.
    """

    do_not_call_in_templates = True

    def __init__(self, view: str, moment: str, drafts: Mapping[int, str]) -> None:
        self.moment = moment
        self.drafts = drafts
        self.moments = Moments()
        self.query = f"?list={escape(view)}"
        self.case_url = numbered("case")
        self.preview_url = numbered("case-preview")
        self.statuses = {
            status.value: str(drawn.status_sign(status.value, str(status.label), hidden=True)) for status in Status
        }
        self.priorities = {
            priority.value: str(drawn.priority_sign(priority.value, str(priority.label), bare=True))
            for priority in Priority
        }
        self.nobody = str(drawn.avatar(None, 20, label=True))
        self.faces: dict[int, str] = {}
        self.select = escape(_("Select case %(label)s") % {"label": "\0"})
        unread = _("Unread")
        self.unread_mark = f'<span class="caserow__unread" title="{unread}"></span>'
        self.unread_words = f'<span class="sr">{_("Unread.")}</span>'
        self.attachment = f'{drawn.icon("paperclip", "s")}<span class="sr">{_("Has attachment")}</span>'
        self.snoozed = f'<span class="sla" title="{_("Snoozed until")}">{drawn.icon("alarm-clock", "s")}'
        self.until_reply = _("a reply")
        self.needed_by = f' title="{_("Needed by")}">{drawn.icon("clock", "s")}'
        self.draft = f'<span class="caserow__draft">{_("Draft:")}</span> <bdi>'
        self.no_contact = _("No contact")

    def __call__(self, case: Case, has_left: bool = False) -> SafeString:
        is_unread = getattr(case, "is_unread", False)
        number, label = case.number, case.label
        contact, customer = case.contact, case.customer
        name = (contact.name if contact is not None else "") or case.email or self.no_contact
        company = f'<bdi class="caserow__org">{escape(customer.name)}</bdi>' if customer is not None else ""
        row = (
            f'<li class="caserow{" caserow--unread" if is_unread else ""}{" caserow--left" if has_left else ""}"'
            f' id="row-{number}" data-number="{number}" data-changed="{changed(case.modified_at)}">\n'
            f"  {self.unread_mark if is_unread else ''}\n"
            f'  <span class="caserow__mark">{self._status(case)}<input class="caserow__check" type="checkbox"'
            f' name="case" value="{number}" form="bulk" aria-label="{self.select.replace(chr(0), label)}"></span>\n'
            f'  <a class="caserow__link" href="{self.case_url(number)}{self.query}"'
            f' data-preview="{self.preview_url(number)}{self.query}">{self.unread_words if is_unread else ""}\n'
            f'    <span class="caserow__line"><span class="caserow__id num">{label}</span><span class="caserow__who">'
            f'<bdi class="caserow__name">{escape(name)}</bdi>{company}</span>\n'
            f'      <span class="caserow__meta">{self._meta(case)}<span class="sla">'
            f"{self.moments.tag(getattr(case, self.moment))}</span></span></span>\n"
            f'    <span class="caserow__line"><span class="caserow__subject" dir="auto"><b>{escape(case.subject)}</b>'
            f"&ensp;{self._text(case)}</span>\n"
            f'      <span class="caserow__own">{self._owner(case)}</span></span>\n'
            "  </a>\n</li>\n"
        )
        return mark_safe(row)  # noqa: S308 - everything from outside is escaped above

    def _status(self, case: Case) -> str:
        return self.statuses.get(case.status) or str(drawn.status_sign(case.status, case.status, hidden=True))

    def _meta(self, case: Case) -> str:
        found = self.attachment if case.has_attachment else ""
        found += self.priorities.get(case.priority, "")
        if case.is_snoozed:
            until = self.moments.when(case.snoozed_until) if case.snoozed_until else self.until_reply
            return f"{found}{self.snoozed}{escape(until)}</span>"
        if case.need_by and not case.is_closed:
            today = self.moments.today
            late = " sla--late" if case.need_by < today else " sla--soon" if case.need_by == today else ""
            return f'{found}<span class="sla{late}"{self.needed_by}{formatted(case.need_by, "j M")}</span>'
        return found

    def _text(self, case: Case) -> str:
        begun = self.drafts.get(case.pk)
        if not begun:
            return escape(case.preview)
        return f"{self.draft}{escape(truncatechars(begun, DRAFT_SHOWN))}</bdi>"

    def _owner(self, case: Case) -> str:
        employee = case.assigned_employee
        if employee is None:
            team = case.assigned_team
            return self.nobody if team is None else f'<span class="tag">{escape(str(team))}</span>'
        if employee.pk not in self.faces:
            self.faces[employee.pk] = str(drawn.avatar(employee, 20, label=True))
        return self.faces[employee.pk]
