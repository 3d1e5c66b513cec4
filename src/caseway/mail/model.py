"""The values that travel through Caseway's mail core. All are frozen: an email never changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

MessageId = str
"""A Message-ID without angle brackets and white space; '' where there is none (RFC 5322 3.6.4)."""


@dataclass(frozen=True, slots=True)
class Address:
    """One mailbox of an address header (RFC 5322 3.4).

    `email` is as written, control characters removed; '' when the header held a name only.
    """

    name: str
    email: str

    @property
    def key(self) -> str:
        """What two addresses are compared by: lower case, NFC, domain in its ASCII form."""
        from caseway.mail.address import address_key

        return address_key(self.email)

    @property
    def domain(self) -> str:
        """The part after the last '@' of `key`; '' without one."""
        return self.key.rpartition("@")[2] if "@" in self.key else ""


@dataclass(frozen=True, slots=True)
class Part:
    """One leaf of the MIME tree, flat (RFC 8621 4.1.4). `index` finds it again in the same raw bytes."""

    index: int
    content_type: str
    """Lower case, without parameters."""
    name: str
    """Safe to show and to save under; never empty for an attachment."""
    original_name: str
    """As the sender wrote it (decoded), '' without one."""
    content: bytes
    """Decoded bytes of the part; b'' of a large file, unless it was asked for (`parse.part`)."""
    charset: str = ""
    content_id: str = ""
    """Without angle brackets."""
    disposition: str = ""
    """'attachment', 'inline' or ''."""
    is_inline: bool = False
    """The HTML body shows it by `cid:`."""
    large_size: int = 0
    """Size of the decoded file when `content` was left out."""

    @property
    def size(self) -> int:
        return self.large_size or len(self.content)


@dataclass(frozen=True, slots=True)
class ParsedEmail:
    """What one message says. Made by `caseway.mail.parse.parse`; damage is in `defects`, never raised."""

    message_id: MessageId
    subject: str
    sender: Address
    """First mailbox of From; falls back to Sender, Reply-To, Return-Path; Address('', '') without any."""
    sender_is_ambiguous: bool
    """Several From headers or mailboxes, or one that reads as two: nobody is answered by machine."""
    reply_to: tuple[Address, ...]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    delivered_to: tuple[str, ...]
    """Address keys of Delivered-To, X-Original-To, Envelope-To, X-Envelope-To, X-Delivered-To and the id of List-Id."""
    in_reply_to: tuple[MessageId, ...]
    references: tuple[MessageId, ...]
    date: datetime | None
    """Aware, UTC; None where missing or absurd."""
    text: str
    """The message as plain text: the text body, or the HTML body read as text."""
    html: str
    """The HTML body as sent, UNTRUSTED; '' without one."""
    attachments: tuple[Part, ...]
    """Everything that is not shown as body; inline images are among them with `is_inline`."""
    headers: tuple[tuple[str, str], ...]
    """(name in lower case, decoded value), in order, control characters removed."""
    body_sha256: str
    """SHA-256 (hex) of the raw bytes after the header block: the same mail by two ways has one."""
    defects: tuple[str, ...]
    size: int

    def header(self, name: str) -> str:
        """First value of the header, '' without one."""
        name = name.lower()
        return next((value for key, value in self.headers if key == name), "")

    def header_values(self, name: str) -> tuple[str, ...]:
        name = name.lower()
        return tuple(value for key, value in self.headers if key == name)


class Kind(StrEnum):
    """What a message is. Stored in the ledger; the values never change."""

    PERSON = "person"
    LOOP = "loop"
    BOUNCE = "bounce"
    DELAYED = "delayed"
    RECEIPT = "receipt"
    AUTO_REPLY = "auto_reply"
    LIST = "list"
    CALENDAR_REPLY = "calendar_reply"
    FEEDBACK_REPORT = "feedback_report"
    CHALLENGE = "challenge"
    SPAM = "spam"
    NO_SENDER = "no_sender"
    """From is missing or unreadable: kept and shown to a person, answered by nobody."""


MAY_REPLY = frozenset({Kind.PERSON})
"""Kinds that may be acknowledged."""
MAKES_CASE = frozenset({Kind.PERSON, Kind.LIST, Kind.SPAM, Kind.CHALLENGE, Kind.CALENDAR_REPLY})
"""Kinds that open a case when they join none (Verdict.makes_case); the others only join one."""


@dataclass(frozen=True, slots=True)
class Bounce:
    """What a delivery report says of one recipient (RFC 3464)."""

    recipient: str
    status: str
    """Enhanced status code such as '5.1.1' (RFC 3463); '' unknown."""
    is_permanent: bool
    diagnostic: str
    original_message_id: MessageId


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a message is and why, in a sentence part that an employee reads ('Auto-Submitted: auto-replied')."""

    kind: Kind
    reason: str
    bounces: tuple[Bounce, ...] = ()
    is_unverified: bool = False
    """The sender may not be who the message says (DMARC failed, ambiguous From)."""
    no_acknowledgement: str = ""
    """Why a person's mail must still not be acknowledged ('' = it may): no-reply sender, suppress header, subject."""

    @property
    def may_reply(self) -> bool:
        return self.kind in MAY_REPLY and not self.is_unverified and not self.no_acknowledgement

    @property
    def makes_case(self) -> bool:
        return self.kind in MAKES_CASE


@dataclass(frozen=True, slots=True)
class SplitBody:
    """A text body taken apart for display; joined again in order the pieces give the whole."""

    new: str
    quoted: str
    signature: str


@dataclass(frozen=True, slots=True)
class ThreadKeys:
    """Everything in a message that may say to which case it belongs, strongest evidence first."""

    tokens: tuple[TokenClaim, ...]
    """Our own signed tokens, found in Message-IDs and reply addresses, whose signature is right."""
    message_ids: tuple[MessageId, ...]
    """In-Reply-To, then References from the last to the first; bogus and empty ones dropped."""
    case_numbers: tuple[int, ...]
    """Case tags in the subject: '[CW-1042]'."""


@dataclass(frozen=True, slots=True)
class TokenClaim:
    """What a signed token names."""

    organisation: int
    case: int
    message: int
    where: str
    """'In-Reply-To', 'References' or 'address'."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A case that a message may join, as found by the keys; the caller reads these in one query."""

    case: int
    case_number: int
    by: str
    """'token', 'message_id', 'sibling' (a message there answers the same one) or 'case_number'."""
    key: str
    """The claim, Message-ID or number that led here."""
    participants: frozenset[str]
    """Address keys that take part in the case."""
    merged_into: int | None = None
    where: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """The case chosen, and the evidence that an employee reads under 'Why here?'."""

    case: int
    evidence: str
    by: str
    is_new_participant: bool = False
    """Right token, unknown sender: joins unverified, is sent nothing until an employee says so."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """No case is joined, but one may be related."""

    related_case: int | None
    evidence: str


@dataclass(frozen=True, slots=True)
class File:
    """A file to send. `content_id` set: shown inside the HTML body."""

    name: str
    content_type: str
    content: bytes
    content_id: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """A message to be composed. Every text may hold anything: `compose` makes it safe."""

    sender: Address
    to: tuple[Address, ...]
    subject: str
    text: str
    message_id: MessageId
    date: datetime
    html: str = ""
    cc: tuple[Address, ...] = ()
    bcc: tuple[Address, ...] = ()
    reply_to: Address | None = None
    in_reply_to: MessageId = ""
    references: tuple[MessageId, ...] = ()
    files: tuple[File, ...] = ()
    is_automatic: bool = False
    """Adds Auto-Submitted: auto-replied, X-Auto-Response-Suppress: All, null envelope sender (RFC 3834)."""
    headers: tuple[tuple[str, str], ...] = field(default=())
    """Further headers, names from our own code only."""


@dataclass(frozen=True, slots=True)
class OutgoingEmail:
    """Bytes to send, fixed at queueing: a later try sends the same."""

    raw: bytes
    message_id: MessageId
    envelope_from: str
    """'' is the null sender."""
    recipients: tuple[str, ...]
    needs_smtputf8: bool
