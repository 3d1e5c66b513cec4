"""The picker of filters: what can be chosen, as a page or inside the list."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from caseway.cases.lists import filters as filtering
from caseway.cases.models import CustomField, FieldKind
from caseway.contacts.models import Contact, Customer
from caseway.web.chips import TITLES, WORDS, names_of, text_of
from caseway.web.doors import EmployeeRequest, employee_page
from caseway.web.listing import Asked
from caseway.web.offered import offered

MOST_FOUND = 20
DAYS_AGO = {"created_after": (0, 7, 30), "created_before": (7, 30, 90)}
ICONS = {
    "status": "circle-dashed", "priority": "chevrons-up", "type": "shapes", "assignee": "user", "team": "users",
    "contact": "contact", "customer": "building-2", "tag": "tag", "address": "at-sign", "source": "inbox",
    "created_after": "calendar", "created_before": "calendar", "need_by": "clock", "has": "paperclip", "unread": "mail",
}  # fmt: skip


@dataclass(slots=True)
class Section:
    """One filter of the picker. `kind`: 'choices', 'search' (choices are looked for), 'date' or 'text'."""

    key: str
    title: str
    kind: str = "choices"
    options: list[tuple[str, str]] = field(default_factory=list)
    chosen: list[str] = field(default_factory=list)

    @property
    def icon(self) -> str:
        return ICONS.get(self.key, "list-filter")

    @property
    def day(self) -> str:
        """The date that was chosen, for a date field; '' for 'seven days ago', which is a choice of its own."""
        return next((value for value in self.chosen if value[:1].isdecimal() and "-" in value), "")


@employee_page
@require_safe
def case_filters(request: EmployeeRequest) -> HttpResponse:
    """Every filter with its choices; those that are on are ticked."""
    query = request.GET.copy()
    query.setdefault("view", "all-open")
    asked = Asked.of_query(request.user, query)
    context = {"app": "cases", "asked": asked, "view": asked.view, "sections": sections(asked)}
    return render(request, "cases/_filters.html" if request.htmx else "cases/filters.html", context)


@employee_page
@require_safe
def filter_find(request: EmployeeRequest) -> HttpResponse:
    """Contacts or customers whose name holds the words, to choose from."""
    models: dict[str, Any] = {"contact": Contact, "customer": Customer}
    model = models.get(request.GET.get("key", ""))
    words = request.GET.get("q", "").replace("\0", "").strip()[:100]
    if model is None or len(words) < 2:
        return JsonResponse({"found": []})
    rows = model.objects.filter(organisation_id=request.user.organisation_id, name__icontains=words).order_by("name")
    if model is Contact:
        rows = rows.filter(merged_into=None)
    return JsonResponse({"found": [[str(pk), name] for pk, name in rows.values_list("pk", "name")[:MOST_FOUND]]})


def sections(asked: Asked) -> list[Section]:
    """What the picker offers, in the order of the filters."""
    choices = offered(asked.employee)
    choices["assignee"] = [*((value, str(word)) for value, word in WORDS["assignee"].items()), *choices["assignee"]]
    names = names_of({key: asked.filters.get(key, []) for key in ("contact", "customer")}, asked.employee)
    found = []
    for key in filtering.KEYS:
        section = Section(key, _(TITLES[key]), chosen=asked.filters.get(key, []))
        if key in choices:
            section.options = choices[key]
        elif key in WORDS:
            section.options = [(value, _(str(word))) for value, word in WORDS[key].items()]
        elif key in {"contact", "customer"}:
            section.kind = "search"
            section.options = [(value, text_of(key, value, names)) for value in section.chosen]
        elif key.startswith("created_"):
            section.kind = "date"
            section.options = [(f"{days}d", text_of(key, f"{days}d", {})) for days in DAYS_AGO[key]]
        if section.options or section.kind != "choices":
            found.append(section)
    return [*found, *_own_fields(asked)]


def _own_fields(asked: Asked) -> list[Section]:
    fields = CustomField.objects.filter(organisation_id=asked.employee.organisation_id, is_active=True)
    found = []
    for own in fields.order_by("position", "pk"):
        key = filtering.FIELD + own.key
        section = Section(key, own.label, "text", chosen=asked.filters.get(key, []))
        if own.kind == FieldKind.CHOICE:
            section.kind, section.options = "choices", _words(own.choices)
        elif own.kind == FieldKind.CHECKBOX:
            section.kind, section.options = "choices", [("true", _("Yes")), ("false", _("No"))]
        elif own.kind == FieldKind.DATE:
            section.kind = "date"
        found.append(section)
    return found


def _words(rows: Any) -> list[tuple[str, str]]:
    return [(name, name) for name in rows]
