"""One search on its way: which cases it may find, and those that it has read."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_

from caseway.accounts.models import Employee
from caseway.cases.lists import filters as case_filters
from caseway.cases.lists.filters import Filters
from caseway.cases.lists.pages import RELATED, ROW
from caseway.cases.models import Case, Status
from caseway.cases.models.case import CaseQuerySet
from caseway.cases.search.index import Candidate
from caseway.cases.search.query import Query

FETCHED_WHOLE = 100


@dataclass(slots=True)
class Asked:
    """What is looked for, by whom, among which cases."""

    employee: Employee
    query: Query
    filters: Filters
    others: dict[str, list[str]] = field(default_factory=dict)
    """What words are taken for too, because they may have been mistyped."""
    meant: dict[str, list[str]] = field(default_factory=dict)
    known: dict[int, Case] = field(default_factory=dict)

    @property
    def narrows(self) -> bool:
        return bool(self.filters or self.query.excluded or self.query.within)

    def rows(self) -> CaseQuerySet:
        """Every case that may be found, whatever its words; but for what is excluded."""
        cases: CaseQuerySet = Case.objects.all()
        rows = cases.deleted_for(self.employee) if self.query.within == "trash" else cases.visible_to(self.employee)
        if self.query.within == "snoozed":
            rows = rows.filter(is_snoozed=True)
        return case_filters.apply(rows, self.filters, self.employee)

    def parts(self) -> list[CaseQuerySet]:
        """The same in parts of which each has an index in the order of the latest change."""
        rows = self.rows()
        if self.query.within:
            return [rows]
        return [rows.unclosed(), rows.filter(status=Status.CLOSED)]

    def cases(self, found: Sequence[Candidate]) -> dict[int, Case]:
        """The cases of these candidates, ready to be shown."""
        missing = {candidate.case for candidate in found} - set(self.known)
        if missing:
            self.known |= _shown(self.rows()).in_bulk(list(missing))
        return self.known

    def allowed(self, cases: Collection[int]) -> set[int]:
        """Those of the cases that may be found. A few are fetched whole, for they will be shown."""
        some = self.rows().filter(pk__in=list(cases))
        if self.query.excluded:
            unwanted = [
                case_filters.apply(some, {key: values}, self.employee) for key, values in self.query.excluded.items()
            ]
            some = some.exclude(pk__in=reduce(or_, unwanted).values("pk"))
        if len(cases) > FETCHED_WHOLE:
            return set(some.values_list("pk", flat=True))
        fetched = {case.pk: case for case in _shown(some)}
        self.known |= fetched
        return set(fetched)


def _shown(rows: CaseQuerySet) -> CaseQuerySet:
    return rows.select_related(*RELATED).only(*ROW, "description", "deleted_at")
