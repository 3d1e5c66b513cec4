"""Cases that belong together or apart. What touches two cases is told in `caseway.cases`' modules of these names."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from caseway.cases.models.verbs.changing import Changing

if TYPE_CHECKING:
    from caseway.accounts.models import Employee
    from caseway.cases.models import Case, Event, Message


class Joining(Changing):
    def merge(self, into: Case, *, by: Employee | None, expected_version: int = 0) -> Event:
        """Everything of this case goes into the other one; this number leads there from now on."""
        from caseway.cases.merging import merge

        return merge(cast("Case", self), into, by=by, expected_version=expected_version)

    def unmerge(self, *, by: Employee | None) -> Event | None:
        """Back out of the case that it was merged into, with its own messages."""
        from caseway.cases.merging import unmerge

        return unmerge(cast("Case", self), by=by)

    def split(self, message: Message, *, by: Employee | None) -> Event:
        """The message begins a case of its own; `data['number']` of the event is its number."""
        from caseway.cases.moving import split

        return split(cast("Case", self), message, by=by)

    def move(self, message: Message, to: Case, *, by: Employee | None) -> Event:
        """The message goes into another case."""
        from caseway.cases.moving import move

        return move(cast("Case", self), message, to, by=by)

    def link(self, other: Case, *, by: Employee | None) -> Event | None:
        from caseway.cases.links import link

        return link(cast("Case", self), other, by=by)

    def unlink(self, other: Case, *, by: Employee | None) -> Event | None:
        from caseway.cases.links import unlink

        return unlink(cast("Case", self), other, by=by)
