"""Who works here."""

from __future__ import annotations

import datetime
from typing import Literal

from pydantic import Field

from caseway.api.schemas.base import Answer, Named

PlanName = Literal["standard", "lite", "premium", "ultimate", "enterprise"]


class EmployeeAnswer(Answer):
    """A person who works in the workspace."""

    id: int = Field(examples=[3])
    name: str = Field(examples=["Dana Whitfield"])
    email: str = Field(examples=["dana@fieldnote.example"])
    role: Literal["administrator", "agent", "light_agent"] = Field(examples=["agent"])
    is_active: bool = Field(description="False: cannot sign in nor be assigned cases", examples=[True])
    is_invited: bool = Field(description="Has not chosen a password yet", examples=[False])
    teams: list[Named]
    created_at: datetime.datetime = Field(examples=["2026-10-01T08:00:00Z"])


class TeamAnswer(Answer):
    """Employees that share work."""

    id: int = Field(examples=[2])
    name: str = Field(examples=["Shipping"])
    members: list[Named]


class OrganisationAnswer(Answer):
    """The company that the token belongs to."""

    id: int = Field(examples=[1])
    name: str = Field(examples=["Fieldnote"])
    slug: str = Field(examples=["fieldnote"])
    plan: PlanName = Field(examples=["enterprise"])
    features: list[str] = Field(description="What the plan includes", examples=[["Email to Case"]])
    one_case_per_message: bool = Field(description="One mail to two of our addresses makes one case", examples=[True])
    reopen_days: int = Field(description="A reply later than this opens a linked new case", examples=[14])
    language: str = Field(examples=["en"])
    time_zone: str = Field(examples=["Europe/Berlin"])
    created_at: datetime.datetime = Field(examples=["2026-10-01T08:00:00Z"])


class MeAnswer(EmployeeAnswer):
    """The employee that the token acts as."""

    organisation: OrganisationAnswer
