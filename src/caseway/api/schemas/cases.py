"""Cases, their messages and their history."""

from __future__ import annotations

import datetime
from typing import Any, Literal

from pydantic import Field

from caseway.api.schemas.base import AddressAnswer, Answer, Id, Named, Query

StatusName = Literal["new", "open", "waiting", "closed"]
PriorityName = Literal["low", "normal", "high", "urgent"]
SourceName = Literal["email", "manual", "api"]
DirectionName = Literal["in", "out", "note"]
DeliveryState = Literal["queued", "sending", "sent", "failed", "uncertain", "cancelled", "held"]
ViewName = Literal["my-cases", "unassigned", "all-open", "waiting", "closed", "trash"]
EMPLOYEE = "An employee's id or email address"


class CaseQuery(Query):
    """Filters of the list of cases; all given ones must fit."""

    view: ViewName | None = Field(None, description="One of the lists of the Cases app", examples=["my-cases"])
    status: list[StatusName] = Field([], description="Repeat it for several", examples=[["open"]])
    priority: list[PriorityName] = Field([], description="Repeat it for several", examples=[["high"]])
    assignee: str = Field("", max_length=320, description=EMPLOYEE, examples=["dana@fieldnote.example"])
    me: bool = Field(False, description="Assigned to the token's employee", examples=[True])
    unassigned: bool = Field(False, description="Assigned to nobody", examples=[False])
    team: Id | None = Field(None, description="A team's id", examples=[2])
    contact: Id | None = Field(None, description="A contact's id", examples=[12])
    customer: Id | None = Field(None, description="A customer's (company's) id", examples=[4])
    tag: list[str] = Field([], description="Has this tag; repeated: has all of them", examples=[["refund"]])
    source: SourceName | None = Field(None, description="How it began", examples=["email"])
    search: str = Field("", max_length=200, description="Words or a case number", examples=["late delivery"])


class AssignedTo(Answer):
    """Who works on a case."""

    kind: Literal["employee", "team"] = Field(examples=["employee"])
    id: int = Field(examples=[3])
    name: str = Field(examples=["Dana Whitfield"])
    email: str | None = Field(description="An employee's address; none for a team", examples=["dana@fieldnote.example"])


class CaseInList(Answer):
    """A case as a row of a list."""

    number: int = Field(description="Counts from 1 in each organisation", examples=[1042])
    label: str = Field(description="The number as people see it", examples=["CW-1042"])
    subject: str = Field(examples=["Parcel arrived without the lens"])
    preview: str = Field(description="Beginning of the latest message", examples=["Hello, my parcel came today, but"])
    status: StatusName = Field(examples=["open"])
    type: str = Field(examples=["Complaint"])
    priority: PriorityName = Field(examples=["normal"])
    source: SourceName = Field(examples=["email"])
    assigned_to: AssignedTo | None
    contact: Named | None
    customer: Named | None
    email: str = Field(description="Address that the customer wrote from", examples=["parker@ehlers.example"])
    tags: list[str] = Field(examples=[["refund"]])
    need_by: datetime.date | None = Field(examples=["2026-12-01"])
    has_attachment: bool = Field(examples=[False])
    created_at: datetime.datetime = Field(examples=["2026-11-23T09:12:44.120Z"])
    created_by: Named | None = Field(description="None: it came by email")
    modified_at: datetime.datetime = Field(examples=["2026-11-23T10:02:10.004Z"])
    modified_by: Named | None
    closed_at: datetime.datetime | None = Field(examples=[None])
    version: int = Field(description="Grows with each change; send it back with yours", examples=[3])


class CaseList(Answer):
    items: list[CaseInList]
    next: str | None = Field(description="Send it as `after` for the next page; null at the end", examples=["MjAyNi0x"])


class AttachmentAnswer(Answer):
    """A file of a message."""

    id: int = Field(examples=[88])
    message: int = Field(description="Id of its message", examples=[501])
    name: str = Field(description="Safe to save under", examples=["invoice.pdf"])
    content_type: str = Field(description="As the sender said", examples=["application/pdf"])
    size: int = Field(description="Bytes", examples=[48213])
    is_inline: bool = Field(description="Shown inside the HTML", examples=[False])
    url: str = Field(examples=["/api/v1/cases/1042/messages/501/attachments/88"])


class Delivery(Answer):
    """How far an outgoing message is."""

    id: int = Field(description="Its id in `outbound`", examples=[301])
    state: DeliveryState = Field(examples=["sent"])
    attempts: int = Field(examples=[1])
    send_at: datetime.datetime = Field(examples=["2026-11-23T09:12:44.120Z"])
    sent_at: datetime.datetime | None = Field(examples=["2026-11-23T09:12:44.620Z"])
    server_words: str = Field(description="The mail server's last answer", examples=["250 2.0.0 Ok: queued as 4F1"])


class MessageAnswer(Answer):
    """A mail in or out, or a note."""

    id: int = Field(examples=[501])
    direction: DirectionName = Field(examples=["in"])
    is_automatic: bool = Field(description="Written by a machine", examples=[False])
    author: str = Field(examples=["Parker Ehlers"])
    employee: Named | None
    contact: Named | None
    from_: AddressAnswer = Field(serialization_alias="from")
    to: list[AddressAnswer]
    cc: list[AddressAnswer] = Field(examples=[[]])
    reply_to: list[AddressAnswer] = Field(examples=[[]])
    subject: str = Field(examples=["Parcel arrived without the lens"])
    message_id: str = Field(description="Without angle brackets", examples=["CAF2a@mail.ehlers.example"])
    in_reply_to: str = Field(description="The last of `references`", examples=[""])
    references: list[str] = Field(examples=[[]])
    text: str = Field(description="The whole message as text", examples=["Hello, my parcel came today."])
    new_text: str = Field(description="Without quotes and signature", examples=["Hello, my parcel came today."])
    html: str = Field(description="The HTML body made safe: no scripts, remote images held back", examples=[""])
    blocked_images: int = Field(description="Remote images held back", examples=[0])
    attachments: list[AttachmentAnswer]
    delivery: Delivery | None = Field(description="Of outgoing messages", examples=[None])
    kind: str = Field(description="What the message is: person, auto_reply, bounce, …", examples=["person"])
    kind_reason: str = Field(examples=["nothing says that a machine wrote it"])
    evidence: str = Field(description="Why it is in this case", examples=["A new case: it answers nothing we know"])
    is_unverified: bool = Field(description="The sender may not be who the message says", examples=[False])
    defects: list[str] = Field(description="What was broken in the mail", examples=[[]])
    sent_at: datetime.datetime | None = Field(examples=["2026-11-23T09:12:41Z"])
    created_at: datetime.datetime = Field(examples=["2026-11-23T09:12:44.120Z"])
    raw_url: str | None = Field(
        description="The mail as it came or left; none for notes", examples=["/api/v1/cases/1042/messages/501/raw"]
    )


class EventAnswer(Answer):
    """Something that happened to a case."""

    id: int = Field(examples=[900])
    kind: str = Field(examples=["status"])
    data: dict[str, Any] = Field(
        description="The particulars of this kind", examples=[{"before": "new", "after": "open"}]
    )
    employee: Named | None = Field(description="None: Caseway itself")
    created_at: datetime.datetime = Field(examples=["2026-11-23T10:02:10.004Z"])


class ParticipantAnswer(Answer):
    """An address that takes part in the case."""

    name: str = Field(examples=["Parker Ehlers"])
    email: str = Field(examples=["parker@ehlers.example"])
    is_verified: bool = Field(description="False: sent nothing until an employee agrees", examples=[True])


class CaseAnswer(CaseInList):
    """A case with all that was said and done."""

    description: str = Field(examples=["Hello, my parcel came today, but the lens is missing."])
    addressed_to: list[str] = Field(
        description="Our addresses that it came in through", examples=[["support@fieldnote.example"]]
    )
    related_to: int | None = Field(description="Number of the case that it may belong to", examples=[None])
    related_reason: str = Field(examples=[""])
    participants: list[ParticipantAnswer]
    messages: list[MessageAnswer] = Field(description="Oldest first")
    events: list[EventAnswer] = Field(description="Oldest first")
    attachments: list[AttachmentAnswer] = Field(description="Of all messages")


class RecipientWarning(Answer):
    """A recipient whom a person should look at; the reply was sent to them all the same."""

    email: str = Field(examples=["someone@else.example"])
    kind: Literal["third party", "unverified"] = Field(examples=["third party"])
    sentence: str = Field(examples=["someone@else.example has not been part of this conversation."])


class ReplyQueued(Answer):
    """A reply on its way."""

    case: int = Field(examples=[1042])
    message: int | None = Field(description="Id of the message in the case; none once cancelled", examples=[502])
    warnings: list[RecipientWarning] = Field(description="New or unverified people among the recipients")
    message_id: str = Field(examples=["cw.1.1042.502.k3@fieldnote.example"])
    delivery: Delivery
