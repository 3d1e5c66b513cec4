"""The lists of cases and their rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_safe

from caseway.accounts.models import Employee
from caseway.cases import lists
from caseway.cases.lists.pages import RELATED, ROW
from caseway.cases.lists.saved import may_change
from caseway.cases.lists.unread import with_unread
from caseway.cases.models import Case, Priority, Status, WrittenDraft
from caseway.cases.models.ranks import CAME
from caseway.mailboxes.models import Mailbox
from caseway.web.case_rows import RowWriter, changed
from caseway.web.chips import chips
from caseway.web.doors import EmployeeRequest, employee_page
from caseway.web.finding import readable
from caseway.web.listing import Asked

MOST_CHANGES = 100
MOST_DRAFTS = 500
OVERLAP = timedelta(seconds=2)
"""Transactions that were open when the page was made count too."""

IN_HEAD = ("my-cases", "unassigned", "all-open", "waiting", "closed")
"""Lists that have a tab of their own; the others are behind 'Views'."""

MOMENTS = {"newest": "created_at", "waiting": "came"}
"""Which time of a case a row shows in an order; the latest change in all others."""

EMPTY = {
    "my-cases": (
        gettext_noop("Nothing waiting for you"),
        gettext_noop("You answered everything that is assigned to you or that you follow."),
    ),
    "unassigned": (
        gettext_noop("Every case has an owner"),
        gettext_noop("New mail without an assignee appears here."),
    ),
    "all-open": (
        gettext_noop("No open cases"),
        gettext_noop("Mail to your support addresses becomes a case here by itself."),
    ),
    "waiting": (
        gettext_noop("Nobody has to answer you"),
        gettext_noop("Cases that wait for a customer appear here."),
    ),
    "closed": (
        gettext_noop("No closed cases yet"),
        gettext_noop("A case that is closed stays here and can be reopened."),
    ),
    "mentions": (
        gettext_noop("Nobody mentioned you"),
        gettext_noop("Cases appear here when a colleague writes @ and your name in a note."),
    ),
    "drafts": (
        gettext_noop("No drafts"),
        gettext_noop("What you begin to write is kept here until it is sent."),
    ),
    "snoozed": (
        gettext_noop("No case is asleep"),
        gettext_noop("A snoozed case waits here until its time comes or the customer answers."),
    ),
    "trash": (
        gettext_noop("The trash is empty"),
        gettext_noop("Deleted cases stay here until somebody restores them."),
    ),
}


@employee_page
@require_safe
def cases(request: EmployeeRequest, slug: str = "my-cases") -> HttpResponse:
    """A list that everybody has, as the address narrows it; with `after` the rows that follow."""
    return show_list(request, Asked.of(request, slug))


@employee_page
@require_safe
def saved_view(request: EmployeeRequest, pk: int) -> HttpResponse:
    """A list that somebody saved."""
    return show_list(request, Asked.of_saved(request, pk))


def show_list(request: EmployeeRequest, asked: Asked) -> HttpResponse:
    after = request.GET.get("after", "")
    page = lists.page(
        asked.parts(), after,
        sort=asked.sort, grouping=asked.grouping, employee=request.user, columns=ROW,
        is_narrow=asked.is_narrow,
    )  # fmt: skip
    context = _rows_context(asked, page, after)
    if after and request.htmx:
        return render(request, "cases/_rows.html", context)
    context |= _page_context(request.user, asked)
    if not page.rows and not context["new_drafts"]:
        title, text = EMPTY[asked.view.slug]
        has_mailbox = asked.is_narrowed or asked.view.slug not in IN_HEAD or Mailbox.objects.kept().exists()
        context |= {"empty_title": title, "empty_text": text, "has_mailbox": has_mailbox}
    return render(request, "cases/list.html", context)


def _rows_context(asked: Asked, page: lists.Page, after: str) -> dict[str, Any]:
    before = None
    if after and asked.grouping:  # under which heading did the page before end?
        last = after.rpartition("_")[2]
        if last.isdecimal() and len(last) < 19:
            before = Case.objects.filter(pk=int(last)).first()
    drafts: list[WrittenDraft] = []
    if asked.view.slug == "drafts":
        drafts = list(WrittenDraft.objects.filter(employee=asked.employee).order_by("-modified_at")[:MOST_DRAFTS])
    is_first = not after and not asked.is_narrowed
    by_case = {draft.case_id: draft.text for draft in reversed(drafts) if draft.case_id}
    shown = MOMENTS.get(asked.sort.slug, "modified_at")
    return {
        "asked": asked,
        "view": asked.view,
        "page": page,
        "groups": lists.groups(page, asked.grouping, asked.sort, before=before),
        "more_url": asked.url_with(after=page.next) if page.next else "",
        "q": asked.words,
        "row": RowWriter(asked.view.slug, shown, by_case),
        "new_drafts": [draft for draft in drafts if is_first and draft.case_id is None],
    }


def _page_context(employee: Employee, asked: Asked) -> dict[str, Any]:
    """What stands around the rows."""
    counts = shown_counts(employee)
    return {
        "app": "cases",
        "counts": counts,
        "chips": chips(asked),
        **_links(asked),
        "tabs": tabs(asked),
        "more_views": [view for slug, view in lists.VIEWS.items() if slug not in IN_HEAD],
        "may_change": asked.saved is not None and may_change(asked.saved, employee),
        "statuses": Status.choices,
        "priorities": Priority.choices,
    }


def _links(asked: Asked) -> dict[str, Any]:
    """Addresses of the same list, otherwise."""
    groupings = {"": gettext_noop("Nothing"), **asked.groupings}
    return {
        "url_without_words": asked.url_with(words=""),
        "url_without_filters": asked.url_with(filters={}),
        "order_choices": [(asked.url_with(sort=sort.slug), sort.title, sort == asked.sort) for sort in asked.sorts],
        "group_choices": [
            (asked.url_with(group=slug), title, slug == asked.grouping) for slug, title in groupings.items()
        ],
        "group_title": groupings[asked.grouping],
    }


@dataclass(frozen=True, slots=True)
class Tab:
    """One list in the header bar."""

    title: str
    url: str
    is_current: bool
    count_of: str = ""
    is_name: bool = False
    """The title is somebody's own word and not translated."""


def tabs(asked: Asked) -> list[Tab]:
    """The five that everybody looks at, and the one that is shown."""
    found = []
    for slug, view in lists.VIEWS.items():
        is_current = asked.saved is None and slug == asked.view.slug
        if slug in IN_HEAD or is_current:
            found.append(
                Tab(view.title, reverse("case-list", args=[slug]), is_current, slug if view.is_counted else "")
            )
    if asked.saved is not None:
        found.append(Tab(asked.saved.name, reverse("saved-view", args=[asked.saved.pk]), True, is_name=True))
    return found


@employee_page
@require_safe
def case_rows(request: EmployeeRequest) -> HttpResponse:
    """Rows of the cases `n` as they are now, for a list that is open. Those that are not in it are marked as left."""
    asked = Asked.of_query(request.user, request.GET)
    numbers = [int(n) for n in request.GET.getlist("n")[:MOST_CHANGES] if n.isdecimal() and len(n) < 18]
    rows = with_unread(readable(request.user).filter(number__in=numbers), request.user)
    found = list(rows.annotate(came=CAME).select_related(*RELATED).only(*ROW))
    there = set(asked.rows().filter(pk__in=[case.pk for case in found]).values_list("pk", flat=True))
    context = _rows_context(asked, lists.Page(found, ""), "") | {"rows": [(row, row.pk not in there) for row in found]}
    return render(request, "cases/_some_rows.html", context)


@employee_page
@require_safe
def case_counts(request: EmployeeRequest) -> HttpResponse:
    """The numbers beside the views."""
    return JsonResponse(shown_counts(request.user))


@employee_page
@require_safe
def case_changes(request: EmployeeRequest) -> HttpResponse:
    """Numbers of the cases that changed since `since`, and when: what an open page missed while no stream was open."""
    now = timezone.now()
    since = parse_datetime(request.GET.get("since", "").replace(" ", "+")) or now
    found = readable(request.user).filter(modified_at__gte=since - OVERLAP).order_by("-modified_at", "-pk")
    rows = found.values_list("number", "modified_at")[:MOST_CHANGES]
    return JsonResponse({"now": now.isoformat(), "changed": {number: changed(moment) for number, moment in rows}})


def shown_counts(employee: Employee) -> dict[str, str]:
    """Counts of the views as they are written: '999+' where counting stopped, nothing for none."""
    most = lists.MOST_COUNTED - 1
    found = lists.counts(employee)
    return {slug: f"{most}+" if count > most else str(count or "") for slug, count in found.items()}
