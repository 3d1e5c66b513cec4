"""What may be said about a case: a new one, its changes, notes and replies."""

from __future__ import annotations

import datetime
from typing import Annotated

from pydantic import Field

from caseway.api.schemas.base import Id, Input
from caseway.api.schemas.cases import EMPLOYEE, PriorityName, StatusName

Tag = Annotated[str, Field(min_length=1, max_length=60, examples=["refund"])]
Version = Annotated[
    int,
    Field(
        ge=1,
        le=2**31 - 1,
        description="The case's `version` as you read it. Changed meanwhile: 409, nothing is overwritten. "
        "Left out: your change is made whatever happened before.",
        examples=[3],
    ),
]


class AssigneeInput(Input):
    employee: Id | str | None = Field(None, description=EMPLOYEE, examples=["dana@fieldnote.example"])
    team: Id | None = Field(None, description="A team's id; not together with `employee`", examples=[None])


class NewCase(AssigneeInput):
    """A case that no email began. It sends nothing; write to the customer with a reply."""

    subject: str = Field(min_length=1, max_length=500, examples=["Parcel arrived without the lens"])
    description: str = Field("", max_length=100_000, examples=["Parker called: the lens is missing."])
    email: str = Field(
        "",
        max_length=320,
        description="The customer's address: their contact is found, or made",
        examples=["parker@ehlers.example"],
    )
    contact: Id | None = Field(None, description="A contact's id, instead of `email` or beside it", examples=[None])
    priority: PriorityName = Field("normal", examples=["high"])
    type: str = Field("", max_length=60, examples=["Complaint"])
    tags: list[Tag] = Field([], max_length=50, examples=[["refund"]])
    need_by: datetime.date | None = Field(None, examples=["2026-12-01"])


class Change(Input):
    version: Version | None = None


class Assignment(AssigneeInput):
    """To an employee or a team; with neither to nobody."""

    version: Version | None = None


class StatusChange(Change):
    status: StatusName = Field(examples=["waiting"])


class PriorityChange(Change):
    priority: PriorityName = Field(examples=["high"])


class TypeChange(Change):
    type: str = Field(max_length=60, description="Empty: none", examples=["Complaint"])


class TagsChange(Change):
    tags: list[Tag] = Field(max_length=50, description="Exactly these from now on", examples=[["refund", "lens"]])


class NeedByChange(Change):
    need_by: datetime.date | None = Field(description="null: no date", examples=["2026-12-01"])


class NewNote(Input):
    text: str = Field(
        min_length=1, max_length=1_000_000, description="Seen by employees only", examples=["Called back."]
    )


class NewFile(Input):
    """A file to send along."""

    name: str = Field(min_length=1, max_length=255, examples=["label.pdf"])
    content_type: str = Field(
        "application/octet-stream",
        max_length=127,
        pattern=r"^[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+$",
        examples=["application/pdf"],
    )
    content: str = Field(description="Base64 (RFC 4648)", examples=["JVBERi0xLjcK"])


Recipients = Annotated[list[Annotated[str, Field(max_length=400)]], Field(max_length=100)]


class NewReply(Change):
    """An answer by email. What is left out is filled in as the page fills in its form."""

    text: str = Field(min_length=1, max_length=1_000_000, examples=["Hello Parker, a new lens leaves today."])
    from_: str = Field(
        "",
        alias="from",
        max_length=320,
        description="One of the addresses whose From Email Id is on. Left out: the one that the case came in through",
        examples=["support@fieldnote.example"],
    )
    to: Recipients | None = Field(
        None, description="Left out: whom the page would answer", examples=[["Parker Ehlers <parker@ehlers.example>"]]
    )
    cc: Recipients | None = Field(
        None,
        description="Exactly these. Left out: those of the mail answered, and our addresses with Add to CC on",
        examples=[[]],
    )
    bcc: Recipients = Field([], examples=[[]])
    files: list[NewFile] = Field([], max_length=50)
    status: StatusName | None = Field(
        "waiting", description="Of the case afterwards; null: as it is", examples=["waiting"]
    )
    send_at: datetime.datetime | None = Field(
        None,
        description="Send it later. Held when the customer writes before that, until somebody decides",
        examples=[None],
    )
    undo_seconds: int = Field(
        0, ge=0, le=3600, description="Held back so long; until then `outbound/{id}/cancel` stops it", examples=[0]
    )
