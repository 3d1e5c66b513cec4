"""What a message is and why: a table of rules, the first that answers decides (RFC 3834, 3464, 8098, 2369, 5965).

Pure and bounded: reads a ParsedEmail, asks nobody. A rule returns a sentence part for the case's history, or ''.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from caseway.mail import bounce, bounce_words, provider_json, signs
from caseway.mail.address import parse_addresses
from caseway.mail.model import Kind, ParsedEmail, Verdict

if TYPE_CHECKING:
    from caseway.mail.thread import Signer


@dataclass(frozen=True, slots=True)
class Own:
    """What is ours, so that we recognise ourselves."""

    addresses: frozenset[str]
    """Address keys of all connected mailboxes and support addresses, of every organisation."""
    signer: Signer | None = None
    trusted_authserv: str = ""
    """authserv-id whose Authentication-Results are believed (RFC 8601 5); '' believes none: DMARC is unknown."""


Rule = Callable[[ParsedEmail, Own], str]


def classify(email: ParsedEmail, own: Own) -> Verdict:
    """The verdict on one message. Never raises."""
    kind, reason = next(
        ((kind, reason) for kind, rule in RULES if (reason := rule(email, own))), (Kind.PERSON, "no rule matched")
    )
    unverified = signs.unverified(email, own.trusted_authserv, own.addresses)
    return Verdict(
        kind=kind,
        reason=reason,
        bounces=bounce.details(email) if kind in (Kind.BOUNCE, Kind.DELAYED) else (),
        is_unverified=bool(unverified),
        no_acknowledgement=_no_acknowledgement(email, own) or unverified if kind is Kind.PERSON else "",
    )


def _no_acknowledgement(email: ParsedEmail, own: Own) -> str:
    return next((reason for rule in NO_ACKNOWLEDGEMENT if (reason := rule(email, own))), "")


def came_from_us(email: ParsedEmail, own: Own) -> str:
    """A message that we sent: its own identifier, or the reply address of one from our address, is signed by us."""
    if own.signer is None:
        return ""
    if email.message_id and own.signer.claim(email.message_id, "Message-ID"):
        return "sent by this system (signed Message-ID)"
    if email.sender.key in own.addresses and any(own.signer.claim(box.email, "address") for box in email.reply_to[:5]):
        return "sent by this system (own address and signed reply address)"
    return ""


def read_receipt(email: ParsedEmail, own: Own) -> str:
    """Disposition notification (RFC 8098)."""
    part = "message/disposition-notification"
    if signs.report_type(email) == "disposition-notification" or signs.has_part(email, part):
        return "read receipt (RFC 8098)"
    if email.header("content-class").lower() == "urn:content-classes:mdn":
        return "read receipt (Content-Class: mdn)"
    return ""


def feedback_report(email: ParsedEmail, own: Own) -> str:
    """Abuse complaint of a provider (ARF, RFC 5965)."""
    if signs.report_type(email) == "feedback-report" or signs.has_part(email, "message/feedback-report"):
        return "feedback report (RFC 5965)"
    if email.header("x-hmxmroriginalrecipient"):
        return "junk mail report of Outlook.com"
    if "scomp@aol" in email.sender.key or email.sender.key == "scomp@aol.net":
        return "feedback report of AOL"
    if email.sender.key == "staff@hotmail.com" and signs.has_part(email, "message/rfc822"):
        return "junk mail report of Outlook.com"
    return ""


def calendar_reply(email: ParsedEmail, own: Own) -> str:
    """An answer to an invitation (RFC 5546), made by a calendar program."""
    method = signs.calendar_method(email)
    return f"calendar answer (METHOD:{method})" if method in ("REPLY", "COUNTER", "REFRESH", "DECLINECOUNTER") else ""


def challenge(email: ParsedEmail, own: Own) -> str:
    """Challenge-response filters that want us to prove to be people."""
    for name in (
        "x-tmda-fingerprint",
        "x-challenge",
        "x-challenge-response",
        "x-uol-auto-antispam",
        "x-asg-recipients",
    ):
        if email.header(name):
            return f"challenge ({name} header)"
    if email.sender.domain in signs.CHALLENGE_DOMAINS:
        return f"challenge from {email.sender.domain}"
    if signs.CHALLENGE_SUBJECT.search(email.subject[:300]) and (
        email.in_reply_to or email.references or signs.is_marked_automatic(email)
    ):
        return "challenge (asks to confirm the sender)"
    return ""


def null_sender(email: ParsedEmail, own: Own) -> str:
    """RFC 5321 4.5.5: nothing may be sent to it, and only servers send from it."""
    return "Return-Path: <>" if email.header("return-path").replace(" ", "") == "<>" else ""


def list_mail(email: ParsedEmail, own: Own) -> str:
    """Mailing lists and bulk mail (RFC 2369, RFC 2919), but not a group that is itself our support address."""
    if _is_own_list(email, own):
        return ""
    for name in signs.LIST_HEADERS:
        if value := email.header(name):
            return f"{name.title()}: {value[:80]}"
    precedence = email.header("precedence").strip().lower()
    if precedence in ("bulk", "list", "junk", "first-class; bulk"):
        return f"Precedence: {precedence}"
    for name in ("x-mailing-list", "x-campaign-id", "x-mailman-version", "x-list-id", "mailing-list"):
        if email.header(name):
            return f"{name.title()} header"
    return ""


def _is_own_list(email: ParsedEmail, own: Own) -> bool:
    """List-Id 'support.example.com' is the group support@example.com."""
    identifiers = {email.header("list-id").rpartition("<")[2].rstrip("> ").strip().lower()}
    identifiers |= {box.key for box in parse_addresses([email.header("list-post")])}
    identifiers.discard("")
    return (
        any(key in identifiers or key.replace("@", ".") in identifiers for key in own.addresses)
        if identifiers
        else False
    )


def spam(email: ParsedEmail, own: Own) -> str:
    """What the receiving server marked as spam. A sender who forges this harms only himself."""
    for name, pattern in signs.SPAM_HEADERS:
        value = email.header(name)
        if value and pattern.match(value.strip()[:200]):
            return f"marked as spam by the server ({name.title()})"
    return ""


def no_sender(email: ParsedEmail, own: Own) -> str:
    """From without a single address: nobody can be answered."""
    values = email.header_values("from")
    if any(box.email for box in parse_addresses(values)):
        return ""
    return "From names no address" if values else "no From header"


RULES: tuple[tuple[Kind, Rule], ...] = (
    (Kind.LOOP, came_from_us),  # first: never answer ourselves
    (Kind.FEEDBACK_REPORT, feedback_report),  # before bounces: both are multipart/report
    (Kind.RECEIPT, read_receipt),
    (Kind.RECEIPT, lambda email, own: bounce.success_report(email)),
    (Kind.DELAYED, lambda email, own: bounce.delay_report(email)),
    (Kind.BOUNCE, lambda email, own: bounce.failure_report(email)),
    (Kind.FEEDBACK_REPORT, lambda email, own: provider_json.complaint(email)),
    (Kind.RECEIPT, lambda email, own: provider_json.delivery(email)),
    (Kind.DELAYED, lambda email, own: provider_json.delay(email)),
    (Kind.BOUNCE, lambda email, own: provider_json.bounce(email)),
    (Kind.DELAYED, lambda email, own: bounce_words.delay(email) if signs.is_server(email.sender) else ""),
    (Kind.BOUNCE, lambda email, own: bounce_words.failure(email) if signs.is_server(email.sender) else ""),
    (Kind.CALENDAR_REPLY, calendar_reply),
    (Kind.CHALLENGE, challenge),
    (Kind.AUTO_REPLY, lambda email, own: signs.auto_reply(email)),
    (Kind.DELAYED, lambda email, own: bounce_words.delay(email)),
    (Kind.BOUNCE, lambda email, own: bounce_words.failure(email)),
    (Kind.BOUNCE, null_sender),
    (Kind.NO_SENDER, no_sender),
    (Kind.SPAM, spam),
    (Kind.LIST, list_mail),
)
"""The policy, in order."""

NO_ACKNOWLEDGEMENT: tuple[Rule, ...] = (
    lambda email, own: f"from our own address {email.sender.key}" if email.sender.key in own.addresses else "",
    lambda email, own: signs.automatic_header(email),
    lambda email, own: signs.suppress_header(email),
    lambda email, own: signs.no_reply_sender(email.sender),
    lambda email, own: signs.automatic_subject(email),
    lambda email, own: signs.invitation(email),
)
"""A person's mail, or one like it, that makes a case and is still not answered by machine."""
