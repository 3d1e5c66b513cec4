"""What happened to a case, in words."""

from __future__ import annotations

import datetime

from caseway.accounts.scope import organisation_scope
from caseway.cases.models import CustomField
from caseway.web.sentences import tell
from tests.web.conftest import Scene


def test_a_date_of_an_own_field_is_written_as_dates_are(scene: Scene) -> None:
    maya, year = scene.company.maya, datetime.date.today().year - 1
    with organisation_scope(scene.company.organisation.pk):
        field = CustomField.objects.create(
            organisation=scene.company.organisation, key="bought-on", label="Bought on", kind="date"
        )
        event = scene.case.set_custom(field, f"{year}-03-09", by=maya)
        assert event is not None
        assert tell(event) == f"set <b>Bought on</b> to <b>9 Mar {year}</b>"


def test_several_tags_are_told_as_several(scene: Scene) -> None:
    with organisation_scope(scene.company.organisation.pk):
        event = scene.case.set_tags(["warranty", "ridge-4"], by=scene.company.maya)
        assert event is not None
        assert tell(event) == "added the tags <b>warranty, ridge-4</b>"
        event = scene.case.set_tags(["warranty"], by=scene.company.maya)
        assert event is not None
        assert tell(event) == "removed the tag <b>ridge-4</b>"
