"""What each plan includes: one table, asked by pages, forms, the API and the command line alike."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from django.db import models
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from caseway.accounts.models import Organisation


class Plan(models.TextChoices):
    """From the smallest to the largest."""

    STANDARD = "standard", "Standard"
    LITE = "lite", "Lite"
    PREMIUM = "premium", "Premium"
    ULTIMATE = "ultimate", "Ultimate"
    ENTERPRISE = "enterprise", "Enterprise"


class Feature(StrEnum):
    EMAIL_TO_CASE = "Email to Case"


FROM_PLAN: dict[Feature, Plan] = {
    Feature.EMAIL_TO_CASE: Plan.PREMIUM,
}


class PlanError(Exception):
    """The organisation's plan lacks a feature. The text says which plan has it."""

    def __init__(self, organisation: Organisation, feature: Feature) -> None:
        self.feature = feature
        self.needed = FROM_PLAN[feature]
        super().__init__(
            _(
                "%(feature)s is part of the %(needed)s plan and above; %(organisation)s is on %(plan)s. "
                "An operator changes it with: %(command)s"
            )
            % {
                "feature": feature.value,
                "needed": self.needed.label,
                "organisation": organisation.name,
                "plan": Plan(organisation.plan).label,
                "command": f"caseway plan {organisation.slug} {self.needed.value}",
            }
        )


def includes(organisation: Organisation, feature: Feature) -> bool:
    """Whether the organisation's plan has the feature."""
    order = list(Plan)
    return order.index(Plan(organisation.plan)) >= order.index(FROM_PLAN[feature])


def require(organisation: Organisation, feature: Feature) -> None:
    """Raises PlanError unless the organisation's plan has the feature."""
    if not includes(organisation, feature):
        raise PlanError(organisation, feature)
