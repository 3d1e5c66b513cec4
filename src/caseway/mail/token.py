"""Signed tokens: how a reply proves to which case it belongs, without anything to look up.

A token is `cw.` and base32 text (lower case, no padding) of three numbers and 128 bits of HMAC-SHA256 over them.
It stands in our Message-IDs (`cw.…@domain`) and, where the mailbox has plus addresses, in Reply-To
(`support+cw.…@domain`). Base32 survives the folding of case; the mark `cw` is found whatever became of the `+`
in front of it or the dot behind it. Why it looks like this: docs/decisions/threading-tokens.md.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterator
from urllib.parse import unquote

from caseway.mail.model import MessageId, TokenClaim

MARK = "cw"
SEPARATORS = ".-_=+~ "
"""What may stand between mark and token after a hop rewrote the dot."""
ALPHABET = frozenset("abcdefghijklmnopqrstuvwxyz234567")
MAC_BYTES = 16
"""128 bits: not guessed, and short enough for the 64 octets of a local part (RFC 5321 4.5.3.1.1)."""
LABEL = b"caseway mail token 1\0"
"""Keeps these signatures apart from anything else that may be signed with the same key."""
LOCAL_PART_LIMIT = 64
TEXT_LIMIT = 2_000
"""Characters of one identifier or address that are looked at; ours has under 150."""
TRIES_LIMIT = 4
"""Marks that are tried in one text: a stranger must not buy a thousand HMACs with one header."""
NUMBER_LIMIT = 2**63


class Signer:
    """Signs and checks tokens. `keys`: the first signs, all verify, so that keys change and replies still arrive."""

    def __init__(self, keys: tuple[bytes, ...]) -> None:
        if not keys or any(len(key) < MAC_BYTES for key in keys):
            raise ValueError("A signer needs at least one key, each of 16 bytes or more.")
        self._keys = keys

    def __repr__(self) -> str:
        return f"Signer({len(self._keys)} keys)"

    def message_id(self, organisation: int, case: int, message: int, domain: str) -> MessageId:
        """The Message-ID (no angle brackets) of our message `message` in `case`; `domain` may be an IDN."""
        return f"{MARK}.{self._token(organisation, case, message)}@{_ascii_domain(domain)}"

    def reply_address(self, address: str, organisation: int, case: int, message: int) -> str:
        """`address` with the token behind a plus; unchanged when that would exceed the 64 octets of a local part."""
        local, at, domain = address.rpartition("@")
        signed = f"{local}+{MARK}.{self._token(organisation, case, message)}"
        if not local or len(signed.encode()) > LOCAL_PART_LIMIT:
            return address
        return signed + at + domain

    def claim(self, text: str, where: str) -> TokenClaim | None:
        """The first token in `text` (a Message-ID or an address) that one of our keys signed; None without one.

        `where` is kept in the claim: 'In-Reply-To', 'References' or 'address'.
        """
        for candidate in _tokens_in(text):
            numbers = self._verified(candidate)
            if numbers is not None:
                return TokenClaim(*numbers, where=where)
        return None

    def _token(self, organisation: int, case: int, message: int) -> str:
        payload = _pack(organisation, case, message)
        return _encode(payload + _mac(self._keys[0], payload))

    def _verified(self, token: str) -> tuple[int, int, int] | None:
        try:
            data = base64.b32decode(token.upper() + "=" * (-len(token) % 8))
        except (binascii.Error, ValueError):
            return None
        payload, mac = data[:-MAC_BYTES], data[-MAC_BYTES:]
        numbers = _unpack(payload)
        # One spelling a token: the spare bits at the end of base32 and long forms of a number are not ours.
        if numbers is None or _encode(data) != token or _pack(*numbers) != payload:
            return None
        # Every key is tried whatever the first said, each in constant time.
        matches = [hmac.compare_digest(_mac(key, payload), mac) for key in self._keys]
        return numbers if any(matches) else None


def _tokens_in(text: str) -> Iterator[str]:
    text = text[:TEXT_LIMIT]
    if "%" in text:
        text = unquote(text)
    text = text.lower().replace("=2b", "+").replace("=2e", ".")
    position = tries = 0
    while tries < TRIES_LIMIT and (position := text.find(MARK, position)) >= 0:
        start = position + len(MARK)
        position = start
        if start >= len(text) or text[start] not in SEPARATORS:
            continue
        end = start = start + 1
        while end < len(text) and text[end] in ALPHABET:
            end += 1
        if end - start > MAC_BYTES:
            tries += 1
            yield text[start:end]


def _mac(key: bytes, payload: bytes) -> bytes:
    return hmac.new(key, LABEL + payload, hashlib.sha256).digest()[:MAC_BYTES]


def _encode(data: bytes) -> str:
    return base64.b32encode(data).decode("ascii").rstrip("=").lower()


def _pack(*numbers: int) -> bytes:
    """Each number in groups of seven bits, lowest first, the high bit set on all but its last (LEB128)."""
    packed = bytearray()
    for number in numbers:
        if not 0 <= number < NUMBER_LIMIT:
            raise ValueError(f"A token cannot name {number}.")
        rest = number
        while rest > 0x7F:
            packed.append(rest & 0x7F | 0x80)
            rest >>= 7
        packed.append(rest)
    return bytes(packed)


def _unpack(payload: bytes) -> tuple[int, int, int] | None:
    numbers: list[int] = []
    value = shift = 0
    for byte in payload:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            numbers.append(value)
            value = shift = 0
    if shift or len(numbers) != 3 or max(numbers) >= NUMBER_LIMIT:
        return None
    return numbers[0], numbers[1], numbers[2]


def _ascii_domain(domain: str) -> str:
    """The domain as Message-IDs write it: IDNA, dot-atom characters only; 'caseway.invalid' when nothing is left."""
    from caseway.mail.address import address_key

    key = address_key(f"x@{domain}").rpartition("@")[2]
    kept = "".join(c for c in key if c.isascii() and (c.isalnum() or c in "-."))
    return kept.strip(".-") or "caseway.invalid"
