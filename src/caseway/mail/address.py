"""Address keys: a stand-in of one function until the reading half of the mail core lands."""

from __future__ import annotations

import unicodedata

import idna


def address_key(email: str) -> str:
    """What two addresses are compared by: lower case, NFC, domain in its ASCII form."""
    local, at, domain = unicodedata.normalize("NFC", email.strip()).rpartition("@")
    try:
        domain = idna.encode(domain, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        domain = domain.lower()
    return f"{local.lower()}{at}{domain}"
