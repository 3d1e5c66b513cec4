"""A case: its page, its preview beside the list, and its parts as they are now."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from caseway.cases import lists, people
from caseway.cases.models import Case, Priority, Status
from caseway.outbound.recipients import Read, suggested_alias
from caseway.web import surroundings
from caseway.web.composer import composer_context
from caseway.web.doors import EmployeeRequest, employee_page
from caseway.web.finding import find_case
from caseway.web.sentences import tell
from caseway.web.snoozing import presets
from caseway.web.timeline import Entry, Told, entries

PREVIEWED = 2
"""Messages beside a list, with what happened since; those that were sent by themselves do not count."""
HISTORY = 200
NOTHING = b"GIF89a\1\0\1\0\x80\0\0\0\0\0\0\0\0!\xf9\4\1\0\0\0\0,\0\0\0\0\1\0\1\0\0\2\2D\1\0;"
"""A picture of one transparent dot."""
EARLIER = 100
"""Entries that a click on 'Show earlier' brings."""
LOOKED_AT = 20
"""Entries among which they are found."""


@employee_page
@require_safe
def case_overview(request: EmployeeRequest, number: int) -> HttpResponse:
    """The case with its timeline and the composer. The number of a merged case leads to where it went."""
    case = find_case(request.user, number, in_trash=True)
    if case.merged_into is not None:
        labels = {"case": case.label, "into": case.merged_into.label}
        messages.info(request, _("%(case)s was merged into %(into)s.") % labels)
        return redirect(_merged_url(request, case))
    return show_case(request, case)


def _from_messages(told: list[Entry]) -> list[Entry]:
    """The end of a case's history, from the last messages that somebody wrote on."""
    written = [
        place for place, entry in enumerate(told) if entry.message is not None and not entry.message.is_automatic
    ]
    return told[written[-PREVIEWED:][0] :] if written else told


@employee_page
@require_safe
def case_preview(request: EmployeeRequest, number: int) -> HttpResponse:
    """The pane beside the list: head and the latest entries."""
    case = find_case(request.user, number, in_trash=True)
    told = entries(case, size=LOOKED_AT)
    told.add_files(surroundings.read_files(told.message_ids))
    shown = _from_messages(told.entries)
    context = {"case": case, "entries": shown, "has_earlier": told.has_earlier or len(told.entries) > len(shown)}
    return render(request, "cases/_preview.html", context | list_of(request))


@employee_page
@require_safe
def case_live(request: EmployeeRequest, number: int) -> HttpResponse:
    """Thread, head and overview as they are now, for a page that is open. `since`: the key of its first entry.

    A case that was merged meanwhile names where it went and shows nothing of it: a fetch that followed there would
    take the toasts that are meant for the page.
    """
    case = find_case(request.user, number, in_trash=True)
    if case.merged_into is not None:
        return HttpResponse(status=204, headers={"HX-Redirect": _merged_url(request, case)})
    told = entries(case, since=request.GET.get("since", ""))
    return render(request, "cases/_live.html", overview_context(request, case, told))


@employee_page
@require_safe
def case_earlier(request: EmployeeRequest, number: int) -> HttpResponse:
    """The entries before the key `before`."""
    case = find_case(request.user, number, in_trash=True)
    told = entries(case, size=EARLIER, before=request.GET.get("before", ""))
    told.add_files(surroundings.read_files(told.message_ids))
    return render(request, "cases/_earlier.html", {"case": case, "entries": told.entries, "told": told})


@employee_page
@require_safe
def case_history(request: EmployeeRequest, number: int) -> HttpResponse:
    """Everything that was done to the case, the latest first. `before`: the id of the last event shown."""
    case = find_case(request.user, number, in_trash=True)
    rows = case.events.select_related("employee").order_by("-pk")
    before = request.GET.get("before", "")
    if before.isdecimal() and len(before) < 18:
        rows = rows.filter(pk__lt=int(before))
    found = list(rows[: HISTORY + 1])
    events = found[:HISTORY]
    told = [{"employee": event.employee, "created_at": event.created_at, "told": tell(event)} for event in events]
    context = {
        "app": "cases",
        "case": case,
        "events": [row for row in told if row["told"]],
        "next": events[-1].pk if len(found) > HISTORY else "",
    }
    return render(request, "cases/history.html", context | list_of(request))


@employee_page
@require_POST
def case_seen(request: EmployeeRequest, number: int) -> HttpResponse:
    """The page is before the person's eyes; with `unread` the case is marked as not read."""
    case = find_case(request.user, number, in_trash=True)
    if "unread" in request.POST:
        people.unsee(case, request.user)
        messages.success(request, _("%(label)s is unread.") % {"label": case.label})
        return redirect("case-list", list_of(request)["view"].slug)
    people.see(case, request.user)
    return HttpResponse(status=204)


@employee_page
@require_safe
def case_seen_picture(request: EmployeeRequest, number: int) -> HttpResponse:
    """The same without scripts: a browser asks for the picture when it draws the page, and not when it looks ahead.

    Nobody else's page can show it: the session's cookie goes with pictures of our own pages only (SameSite=Lax).
    """
    case = find_case(request.user, number, in_trash=True)
    if request.method == "GET" and request.headers.get("Sec-Fetch-Dest", "image") == "image":
        people.see(case, request.user)
    return HttpResponse(NOTHING, content_type="image/gif", headers={"Cache-Control": "no-store"})


def show_case(
    request: EmployeeRequest, case: Case, *, status: int = 200, composer: dict[str, Any] | None = None
) -> HttpResponse:
    """The whole page. `composer` holds what was typed, when a try to send failed or was undone."""
    told = entries(case, before=request.GET.get("before", ""))
    context = overview_context(request, case, told, with_alias=False) | {"app": "cases"}
    taking_part = [(row["key"], row["is_verified"]) for row in context["participants"]]
    context |= composer_context(request, case, composer, Read(taking_part, told.all_messages))
    if request.user.is_administrator and told.has_unknown_address:
        offered = context.get("choices")
        context["alias"] = suggested_alias(case, offered.people if offered else None)
    return render(request, "cases/case.html", context, status=status)


def overview_context(
    request: EmployeeRequest, case: Case, told: Told | None = None, *, with_alias: bool = True
) -> dict[str, Any]:
    """What the right column needs, and with `told` the thread too. One query beside those for the case and `told`."""
    found = surroundings.read(case, told.message_ids if told is not None else None)
    context: dict[str, Any] = found | {
        "case": case,
        "statuses": Status.choices,
        "priorities": Priority.choices,
        "types": surroundings.known_types(found),
        "other_tags": [row["name"] for row in found["tags"] if row["name"] not in case.tags],
        "fields": [row | {"value": case.custom.get(row["key"])} for row in found["fields"]],
        "unverified": [row for row in found["participants"] if not row["is_verified"]],
        "is_followed": any(row["pk"] == request.user.pk for row in found["followers"]),
        "snooze_presets": presets(),
    }
    if with_alias and request.user.is_administrator and (told is None or told.has_unknown_address):
        context["alias"] = suggested_alias(case)
    if told is not None:
        told.add_files(found)
        context |= {"entries": told.entries, "told": told}
    return context | list_of(request)


def list_of(request: EmployeeRequest) -> dict[str, Any]:
    """The list that the person came from: where Back leads."""
    values: QueryDict = request.POST if request.method == "POST" else request.GET
    view = lists.VIEWS.get(values.get("list", "")) or lists.VIEWS["my-cases"]
    return {"view": view}


def _merged_url(request: EmployeeRequest, case: Case) -> str:
    assert case.merged_into is not None
    return f"{reverse('case', args=[case.merged_into.number])}?list={list_of(request)['view'].slug}"
