"""The ledger of what came in, and the outbox."""

from __future__ import annotations

import datetime
from typing import Literal

from pydantic import Field

from caseway.api.schemas.base import Answer, Id, Input, Query
from caseway.api.schemas.cases import DeliveryState

InboundStateName = Literal["pending", "delivered", "ignored", "held", "failed", "quarantined"]
DoorName = Literal["imap", "pipe", "lmtp", "api"]
OutboundKindName = Literal["reply", "acknowledgement", "system"]


class InboundQuery(Query):
    """Filters of the ledger."""

    state: list[InboundStateName] = Field([], description="Repeat it for several", examples=[["failed"]])
    search: str = Field(
        "",
        max_length=512,
        description="A Message-ID in full, or part of the sender's address, the recipient's, or the subject",
        examples=["CAF2a@mail.ehlers.example"],
    )
    mailbox: Id | None = Field(None, description="A mailbox's id", examples=[1])
    kind: str = Field("", max_length=20, description="person, auto_reply, bounce, list, …", examples=["bounce"])
    since: datetime.date | None = Field(None, description="First day it arrived on", examples=["2026-11-01"])
    until: datetime.date | None = Field(None, description="Last day it arrived on", examples=["2026-11-30"])


class MailboxName(Answer):
    """A receiving account."""

    id: int = Field(examples=[1])
    address: str = Field(examples=["support@fieldnote.example"])


class InboundAnswer(Answer):
    """One delivery and what became of it."""

    id: int = Field(examples=[4711])
    state: InboundStateName = Field(examples=["delivered"])
    reason: str = Field(description="Why, in a sentence", examples=["Opened CW-1042"])
    detail: str = Field(description="For whoever mends an error", examples=[""])
    kind: str = Field(description="What the mail is: person, auto_reply, bounce, …", examples=["person"])
    door: DoorName = Field(examples=["imap"])
    mailbox: MailboxName | None
    folder: str = Field(examples=["INBOX"])
    uidvalidity: int | None = Field(examples=[1763888400])
    uid: int | None = Field(examples=[215])
    delivered_to: str = Field(description="Recipient named by a pipe or LMTP", examples=[""])
    support_address: str | None = Field(examples=["support@fieldnote.example"])
    sender: str = Field(examples=["parker@ehlers.example"])
    subject: str = Field(examples=["Parcel arrived without the lens"])
    message_id: str = Field(description="Without angle brackets", examples=["CAF2a@mail.ehlers.example"])
    size: int = Field(description="Bytes", examples=[4821])
    case: int | None = Field(description="Number of its case", examples=[1042])
    message: int | None = Field(description="Id of its message in the case", examples=[501])
    size_on_server: int = Field(
        description="Bytes of the whole mail when only its beginning was fetched; else 0", examples=[0]
    )
    is_history: bool = Field(description="From before the connection: sends nothing", examples=[False])
    received_at: datetime.datetime = Field(examples=["2026-11-23T09:12:43Z"])
    kept_at: datetime.datetime = Field(examples=["2026-11-23T09:12:43.500Z"])
    processed_at: datetime.datetime | None = Field(examples=["2026-11-23T09:12:44.120Z"])
    attempts: int = Field(examples=[1])
    next_attempt_at: datetime.datetime | None = Field(description="While it is waiting or failed", examples=[None])
    raw_url: str = Field(examples=["/api/v1/inbound/4711/raw"])


class Account(Answer):
    """All that is known of a Message-ID."""

    message_id: str = Field(examples=["CAF2a@mail.ehlers.example"])
    is_known: bool = Field(description="It was received here or sent from here", examples=[True])
    sentences: list[str] = Field(
        description="One for each time it was received or sent; or that it was never seen",
        examples=[["Received on 2026-11-23 09:12:43 UTC by IMAP in support@fieldnote.example. It is in CW-1042."]],
    )


class MakeCase(Input):
    acknowledge: bool = Field(False, description="Send the acknowledgement too", examples=[False])


class NewSenderRule(Input):
    sender: str = Field(
        min_length=3, max_length=320, description="An address, or a domain", examples=["robot@shop.example"]
    )


class SenderRuleAnswer(Answer):
    """A sender whose mail is kept and makes no case."""

    id: int = Field(examples=[3])
    sender: str = Field(description="An address, or '@' and a domain", examples=["@shop.example"])
    created_by: str | None = Field(examples=["Maya Lindqvist"])
    created_at: datetime.datetime = Field(examples=["2026-11-23T09:12:43Z"])


class PauseAnswer(Answer):
    """Something that Caseway stopped by itself."""

    id: int = Field(examples=[5])
    kind: Literal["acknowledgements", "flood", "sending"] = Field(examples=["flood"])
    key: str = Field(description="Address, '@domain', 'mailbox:id' or '*'", examples=["robot@shop.example"])
    reason: str = Field(examples=["The same mail came 15 times from robot@shop.example within a minute"])
    started_at: datetime.datetime = Field(examples=["2026-11-23T09:12:43Z"])
    until: datetime.datetime | None = Field(description="null: until somebody resumes it", examples=[None])


class ReplayChange(Answer):
    what: str = Field(description="Text, Verdict, Contact, Thread, Files, Outcome, …", examples=["Thread"])
    before: str = Field(examples=["CW-1042: no evidence"])
    after: str = Field(examples=["CW-1007: In-Reply-To names a mail of it"])


class ReplayAnswer(Answer):
    """What today's code makes of a kept mail; no changes: the same as it is."""

    inbound: int = Field(examples=[4711])
    changes: list[ReplayChange]


class ReplayApplied(Answer):
    inbound: int = Field(examples=[4711])
    done: str = Field(examples=["Moved from CW-1042 to CW-1007."])


class InboundList(Answer):
    items: list[InboundAnswer]
    next: str | None = Field(description="Send it as `after` for the next page; null at the end", examples=["NDcxMA"])


class OutboundQuery(Query):
    """Filters of the outbox."""

    state: list[DeliveryState] = Field([], description="Repeat it for several", examples=[["queued"]])
    kind: list[OutboundKindName] = Field([], description="Repeat it for several", examples=[["reply"]])
    case: str = Field("", max_length=24, description="A case's number", examples=["1042"])
    search: str = Field(
        "",
        max_length=512,
        description="A Message-ID in full, or part of a recipient or the subject",
        examples=["parker"],
    )


class OutboundAnswer(Answer):
    """One mail on its way out."""

    id: int = Field(examples=[301])
    kind: OutboundKindName = Field(examples=["reply"])
    state: DeliveryState = Field(examples=["sent"])
    case: int | None = Field(description="Number of its case", examples=[1042])
    message: int | None = Field(description="Id of its message in the case", examples=[502])
    subject: str = Field(examples=["Re: Parcel arrived without the lens [CW-1042]"])
    recipients: list[str] = Field(description="Of the envelope: To, Cc and Bcc", examples=[["parker@ehlers.example"]])
    envelope_from: str = Field(description="Empty: the null sender", examples=["support@fieldnote.example"])
    message_id: str = Field(description="Without angle brackets", examples=["cw.1.1042.502.k3@fieldnote.example"])
    mailbox: MailboxName | None = Field(description="Whose outgoing server sends it; none: the system's")
    send_at: datetime.datetime = Field(description="Not before; also the next try", examples=["2026-11-23T10:02:10Z"])
    attempts: int = Field(examples=[1])
    is_scheduled: bool = Field(description="A person chose `send_at`", examples=[False])
    evidence: str = Field(description="How it was settled that an uncertain mail was sent", examples=[""])
    server_words: str = Field(examples=["250 2.0.0 Ok: queued as 4F1"])
    created_by: str | None = Field(description="None: Caseway itself", examples=["Dana Whitfield"])
    created_at: datetime.datetime = Field(examples=["2026-11-23T10:02:10Z"])
    sent_at: datetime.datetime | None = Field(examples=["2026-11-23T10:02:10.600Z"])


class OutboundList(Answer):
    items: list[OutboundAnswer]
    next: str | None = Field(description="Send it as `after` for the next page; null at the end", examples=["MzAw"])
