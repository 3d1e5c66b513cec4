"""People outside and the companies they write from."""

from __future__ import annotations

import datetime
from typing import Annotated

from pydantic import Field

from caseway.api.schemas.base import Answer, Input, Named, Query
from caseway.api.schemas.cases import CaseInList

Email = Annotated[str, Field(min_length=3, max_length=320, examples=["parker@ehlers.example"])]


class ContactQuery(Query):
    """Filters of the list of contacts."""

    search: str = Field("", max_length=200, description="In names, addresses and companies", examples=["parker"])
    email: str = Field(
        "",
        max_length=320,
        description="The contact that mail from this address reaches",
        examples=["parker@ehlers.example"],
    )


class ContactAddressAnswer(Answer):
    """An address of a contact."""

    email: str = Field(examples=["parker@ehlers.example"])
    receives_mail: bool = Field(
        description="Mail from this address is this contact's; false where another contact has it too", examples=[True]
    )
    bounced_at: datetime.datetime | None = Field(examples=[None])
    bounce_reason: str = Field(examples=[""])


class ContactInList(Answer):
    """A contact as a row of a list."""

    id: int = Field(examples=[12])
    name: str = Field(examples=["Parker Ehlers"])
    addresses: list[ContactAddressAnswer]
    customer: Named | None
    job_title: str = Field(examples=["Photographer"])
    phone: str = Field(examples=["+49 40 5550 117"])
    is_blocked: bool = Field(examples=[False])
    source: str = Field(description="email, manual, import or api", examples=["email"])
    created_at: datetime.datetime = Field(examples=["2026-11-23T09:12:44.120Z"])
    modified_at: datetime.datetime = Field(examples=["2026-11-23T09:12:44.120Z"])
    last_message_at: datetime.datetime | None = Field(examples=["2026-11-23T09:12:44.120Z"])


class ContactList(Answer):
    items: list[ContactInList]
    next: str | None = Field(description="Send it as `after` for the next page; null at the end", examples=["UGFya2Vy"])


class ContactAnswer(ContactInList):
    """A contact with the latest 50 cases."""

    notes: str = Field(examples=["Prefers to be called."])
    cases: list[CaseInList] = Field(description="Latest change first, at most 50; `cases?contact=` pages through all")


class NewContact(Input):
    name: str = Field(min_length=1, max_length=200, examples=["Parker Ehlers"])
    emails: list[Email] = Field(
        [], max_length=20, description="The first is written to", examples=[["parker@ehlers.example"]]
    )
    customer: str = Field(
        "", max_length=200, description="The company: found by name, or made", examples=["Ehlers Foto"]
    )
    job_title: str = Field("", max_length=200, examples=["Photographer"])
    phone: str = Field("", max_length=60, examples=["+49 40 5550 117"])
    notes: str = Field("", max_length=100_000, examples=["Prefers to be called."])


class ContactChange(Input):
    """What is left out stays as it is."""

    name: str | None = Field(None, min_length=1, max_length=200, examples=["Parker Ehlers"])
    emails: list[Email] | None = Field(
        None, max_length=20, description="Exactly these from now on", examples=[["parker@ehlers.example"]]
    )
    customer: str | None = Field(None, max_length=200, description="Empty: none", examples=["Ehlers Foto"])
    job_title: str | None = Field(None, max_length=200, examples=["Photographer"])
    phone: str | None = Field(None, max_length=60, examples=["+49 40 5550 117"])
    notes: str | None = Field(None, max_length=100_000, examples=["Prefers to be called."])
    is_blocked: bool | None = Field(None, examples=[False])
