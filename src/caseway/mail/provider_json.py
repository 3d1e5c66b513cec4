"""Delivery notices that a sending service mails as JSON (Amazon SES by way of SNS)."""

from __future__ import annotations

import json
import re
from typing import Any

from caseway.mail import bounds
from caseway.mail.model import Bounce, ParsedEmail

_KIND = re.compile(r"\\?\"(?:notificationType|eventType)\\?\"\s?:\s?\\?\"([A-Za-z]{3,30})\\?\"")
_SERVICES = ("amazonaws.com", "amazonses.com")


def _kind(email: ParsedEmail) -> str:
    if not email.sender.domain.endswith(_SERVICES):
        return ""
    found = _KIND.search(email.text[: bounds.BOUNCE_TEXT])
    return found[1].lower() if found else ""


def bounce(email: ParsedEmail) -> str:
    return "bounce notice of Amazon SES" if _kind(email) in ("bounce", "reject") else ""


def delay(email: ParsedEmail) -> str:
    return "delay notice of Amazon SES" if _kind(email) == "deliverydelay" else ""


def complaint(email: ParsedEmail) -> str:
    return "complaint notice of Amazon SES" if _kind(email) == "complaint" else ""


def delivery(email: ParsedEmail) -> str:
    return "delivery report of Amazon SES: delivered" if _kind(email) == "delivery" else ""


def recipients(email: ParsedEmail) -> tuple[Bounce, ...]:
    """Recipients that the notice names; () when it is none or cannot be read."""
    if not _kind(email):
        return ()
    text = email.text[: bounds.BOUNCE_TEXT]
    start = text.find("{")
    try:
        value, _ = json.JSONDecoder(strict=False).raw_decode(text[max(start, 0) :])
        if isinstance(value, dict) and isinstance(value.get("Message"), str):
            value = json.loads(value["Message"], strict=False)
        return _read(value)
    except (ValueError, TypeError, AttributeError, RecursionError):
        return ()


def _read(value: dict[str, Any]) -> tuple[Bounce, ...]:
    notice = value.get("bounce") or value.get("deliveryDelay") or {}
    mail = value.get("mail") or {}
    headers = mail.get("commonHeaders") or {}
    identifier = str(headers.get("messageId") or mail.get("messageId") or "").strip("<> ")
    permanent = str(notice.get("bounceType", "")).lower() == "permanent"
    named = notice.get("bouncedRecipients") or notice.get("delayedRecipients") or []
    return tuple(
        Bounce(
            recipient=str(one.get("emailAddress", ""))[:320],
            status=str(one.get("status", ""))[:20],
            is_permanent=permanent,
            diagnostic=str(one.get("diagnosticCode", ""))[:1000],
            original_message_id=identifier,
        )
        for one in named[: bounds.BOUNCE_RECIPIENTS]
        if isinstance(one, dict)
    )
