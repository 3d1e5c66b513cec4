"""A list as a CSV file, written while it is read."""

from __future__ import annotations

import datetime
from collections.abc import AsyncIterator
from typing import cast

from asgiref.sync import sync_to_async
from django.http import HttpResponse, StreamingHttpResponse
from django.utils import timezone, translation
from django.views.decorators.http import require_safe

from caseway.accounts.scope import organisation_scope
from caseway.cases.lists import export
from caseway.cases.models import CustomField
from caseway.web.doors import EmployeeRequest, employee_page
from caseway.web.listing import Asked


@employee_page
@require_safe
def case_export(request: EmployeeRequest) -> HttpResponse:
    """Every case of the list, newest first, in the employee's language and time zone."""
    asked = Asked.of_query(request.user, request.GET)
    own = CustomField.objects.filter(organisation_id=request.user.organisation_id, is_active=True)
    writer = Writer(asked, list(own.order_by("position", "pk")))
    name = f"cases-{asked.view.slug}-{timezone.localdate().isoformat()}.csv"
    response = StreamingHttpResponse(
        writer.chunks(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
    return cast("HttpResponse", response)


class Writer:
    """Reads some rows at a time, each time in the scope, language and time zone of the one who asked.

    The middleware has left them when the file is read: it only handed over the beginning.
    """

    def __init__(self, asked: Asked, fields: list[CustomField]) -> None:
        self._asked = asked
        self._fields = fields
        self._language = translation.get_language() or "en"
        self._time_zone: datetime.tzinfo = timezone.get_current_timezone()

    async def chunks(self) -> AsyncIterator[str]:
        last: int | None = 0
        while last is not None:
            text, last = await sync_to_async(self._some)(last)
            yield text

    def _some(self, last: int) -> tuple[str, int | None]:
        """The rows behind the id `last`, and the id of the last of them; None when there are no more."""
        scope = organisation_scope(self._asked.employee.organisation_id)
        with scope, translation.override(self._language), timezone.override(self._time_zone):
            found = export.batch(self._asked.rows(), last)
            begin = "" if last else export.heading(self._fields)
            more: int | None = found[-1].pk if len(found) == export.BATCH else None
            return begin + export.text(found, self._fields), more
