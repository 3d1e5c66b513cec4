"""What a request asks a list for: which view, narrowed by which filters, in which order."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

from django.http import Http404, QueryDict
from django.urls import reverse

from caseway.accounts.models import Employee
from caseway.cases import lists
from caseway.cases.lists import filters as filtering
from caseway.cases.lists.saved import base_of, saved_views
from caseway.cases.models import SavedView, Status
from caseway.cases.models.case import CaseQuerySet
from caseway.web.doors import EmployeeRequest

SHOWN = "shown"
"""In the address of a saved view: what follows is what is shown, not what was saved."""
MOST_WORDS = 200


@dataclass(frozen=True)
class Asked:
    """One list as somebody looks at it."""

    employee: Employee
    view: lists.View
    filters: filtering.Filters = field(default_factory=dict)
    sort: lists.Sort = lists.DEFAULT
    grouping: str = ""
    words: str = ""
    saved: SavedView | None = None

    @classmethod
    def of(cls, request: EmployeeRequest, slug: str) -> Self:
        """A view that everybody has, as the address says. Http404 when there is none of that name."""
        view = lists.VIEWS.get(slug)
        if view is None:
            raise Http404
        return cls._read(request.user, view, request.GET)

    @classmethod
    def of_saved(cls, request: EmployeeRequest, pk: int) -> Self:
        """A saved view: as it was saved, or as the address says. Http404 when it is neither one's own nor shared."""
        saved = saved_views(request.user).filter(pk=pk).first()
        if saved is None:
            raise Http404
        if SHOWN in request.GET:
            return cls._read(request.user, base_of(saved), request.GET, saved)
        words = request.GET.get("q", "").strip()[:MOST_WORDS]
        return cls._make(
            request.user,
            base_of(saved),
            filtering.stored(saved.filters),
            saved.sort,
            saved.grouping,
            words,
            saved,
        )

    @classmethod
    def of_query(cls, employee: Employee, query: QueryDict) -> Self:
        """What `query` wrote, for parts of a page that is open. Http404 when it names no view."""
        view = lists.VIEWS.get(query.get("view", ""))
        if view is None:
            raise Http404
        saved = None
        if (pk := query.get("saved", "")).isdecimal() and len(pk) < 18:
            saved = saved_views(employee).filter(pk=int(pk)).first()
        return cls._read(employee, view, query, saved)

    @classmethod
    def _read(cls, employee: Employee, view: lists.View, query: QueryDict, saved: SavedView | None = None) -> Self:
        sort, grouping = query.get("sort", ""), query.get("group", "")
        words = query.get("q", "").strip()[:MOST_WORDS]
        return cls._make(employee, view, filtering.read(query), sort, grouping, words, saved)

    @classmethod
    def _make(
        cls,
        employee: Employee,
        view: lists.View,
        filters: filtering.Filters,
        sort: str,
        grouping: str,
        words: str,
        saved: SavedView | None,
    ) -> Self:
        asked = cls(employee, view, filters, words=words, saved=saved)
        chosen = next((offered for offered in asked.sorts if offered.slug == sort), lists.DEFAULT)
        return cls(employee, view, filters, chosen, grouping if grouping in asked.groupings else "", words, saved)

    @property
    def title(self) -> str:
        return self.saved.name if self.saved else self.view.title

    @property
    def is_narrowed(self) -> bool:
        """Somebody asked for less than the whole list."""
        return bool(self.filters or self.words)

    @property
    def _in_any_status(self) -> bool:
        return "status" in self.filters

    @property
    def is_endless(self) -> bool:
        return self.view.is_endless or Status.CLOSED.value in self.filters.get("status", ())

    @property
    def is_narrow(self) -> bool:
        """Found by its filters rather than along its order, see `lists.page`."""
        return self.sort == lists.DEFAULT and filtering.is_short_span(self.filters)

    @property
    def sorts(self) -> list[lists.Sort]:
        """The orders that are quick here."""
        return [sort for sort in lists.SORTS.values() if sort.is_indexed or not self.is_endless]

    @property
    def groupings(self) -> dict[str, str]:
        return {slug: title for slug, title in lists.GROUPINGS.items() if slug == "day" or not self.is_endless}

    @property
    def is_changed(self) -> bool:
        """A saved view that is shown otherwise than it was saved."""
        saved = self.saved
        return saved is not None and (
            self.filters != filtering.stored(saved.filters)
            or self.sort.slug != (saved.sort or lists.DEFAULT.slug)
            or self.grouping != saved.grouping
        )

    def parts(self) -> list[CaseQuerySet]:
        """The queries whose union the list shows."""
        return [self._narrow(rows) for rows in self.view.parts(self.employee, in_any_status=self._in_any_status)]

    def rows(self) -> CaseQuerySet:
        """The same as one query, in no order."""
        return self._narrow(self.view.rows(self.employee, in_any_status=self._in_any_status))

    def _narrow(self, rows: CaseQuerySet) -> CaseQuerySet:
        rows = filtering.apply(rows, self.filters, self.employee)
        return lists.search(rows, self.words) if self.words else rows

    @property
    def path(self) -> str:
        return (
            reverse("saved-view", args=[self.saved.pk]) if self.saved else reverse("case-list", args=[self.view.slug])
        )

    @property
    def url(self) -> str:
        """The address of the list as it is shown."""
        return self.url_with()

    def url_with(self, *, filters: filtering.Filters | None = None, words: str | None = None, **more: str) -> str:
        """The address of the same list otherwise: with other filters, words, `sort` or `group`."""
        query = self._query(self.filters if filters is None else filters, self.words if words is None else words, more)
        return f"{self.path}?{query}" if query else self.path

    @property
    def query(self) -> str:
        """What `of_query` reads."""
        more = {"view": self.view.slug, "saved": str(self.saved.pk) if self.saved else ""}
        return self._query(self.filters, self.words, more)

    @property
    def hidden(self) -> dict[str, str]:
        """What a form that leads back to the list has to carry, beside the filters."""
        values = {"sort": self.sort.slug, "group": self.grouping, "q": self.words, SHOWN: "1" if self.saved else ""}
        return {name: value for name, value in values.items() if value and value != lists.DEFAULT.slug}

    def _query(self, filters: filtering.Filters, words: str, more: dict[str, str]) -> str:
        values: dict[str, Any] = {"q": words, "sort": self.sort.slug, "group": self.grouping, **more}
        if values["sort"] == lists.DEFAULT.slug:
            del values["sort"]
        if self.saved:
            values[SHOWN] = "1"
        return filtering.encode(filters, **values)
