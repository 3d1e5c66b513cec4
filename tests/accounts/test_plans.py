"""The plan gate: one table."""

import pytest

from caseway.accounts.models import Organisation
from caseway.accounts.plans import Feature, Plan, PlanError, includes, require


@pytest.mark.parametrize(
    ("plan", "has_it"),
    [("standard", False), ("lite", False), ("premium", True), ("ultimate", True), ("enterprise", True)],
)
def test_email_to_case_is_available_from_premium_up(plan: str, has_it: bool) -> None:
    organisation = Organisation(name="Fieldnote", slug="fieldnote", plan=plan)
    assert includes(organisation, Feature.EMAIL_TO_CASE) is has_it
    if not has_it:
        with pytest.raises(PlanError, match=r"Premium plan and above.*caseway plan fieldnote premium"):
            require(organisation, Feature.EMAIL_TO_CASE)


def test_an_own_installation_starts_on_enterprise() -> None:
    assert Organisation().plan == Plan.ENTERPRISE
