"""Cases to work on."""

from collections.abc import Callable

import pytest

from caseway.cases.models import Case
from caseway.cases.opening import open_by_hand
from tests.companies import Company

Open = Callable[..., Case]


@pytest.fixture
def open_case(company: Company) -> Open:
    """`open_case("subject", email="kim@x.example")`: a case by hand, as Dana."""

    def make(subject: str = "Tent pole", **values: object) -> Case:
        return open_by_hand(company.organisation, by=company.dana, subject=subject, **values)  # type: ignore[arg-type]

    return make
