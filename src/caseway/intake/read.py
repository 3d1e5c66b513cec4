"""What one mail says, worked out before any transaction opens."""

from __future__ import annotations

from dataclasses import dataclass

from caseway.mail.classify import Own, classify
from caseway.mail.model import ParsedEmail, SplitBody, ThreadKeys, Verdict
from caseway.mail.parse import parse
from caseway.mail.quote import split
from caseway.mail.thread import thread_keys
from caseway.outbound.own import signer


@dataclass(frozen=True, slots=True)
class Reading:
    """A mail, read: pure values only."""

    email: ParsedEmail
    verdict: Verdict
    body: SplitBody
    keys: ThreadKeys
    is_from_us: bool
    """Its From is one of our own addresses, and yet Caseway did not send it."""

    @property
    def is_automatic(self) -> bool:
        """Written by a machine: it may join a case, but changes nothing about it."""
        return not self.verdict.makes_case


def read(raw: bytes, own: Own) -> Reading:
    """Everything that can be said of `raw` without asking the database."""
    email = parse(raw)
    is_from_us = email.sender.key in own.addresses
    return Reading(email, classify(email, own), split(email), thread_keys(email, signer()), is_from_us)
