"""Content-Transfer-Encoding undone (RFC 2045 6), damage included. Linear, never raises."""

from __future__ import annotations

import binascii
import re

_FOREIGN = re.compile(rb"[^A-Za-z0-9+/=\s]")
_BASE64_RUNS = 1_000
"""Padded runs in one part; senders that encode in pieces reach some dozens."""
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/=]+")
_SOFT_BREAK = re.compile(rb"=[ \t]*\r?\n")
_HEX = re.compile(rb"=([0-9A-Fa-f]{2})")
_PLAIN = frozenset({"", "7bit", "8bit", "binary", "7-bit", "8-bit"})


def decoded(content: bytes, encoding: str, defects: list[str]) -> bytes:
    """Bytes of a part. An unknown encoding leaves them as they are and adds a defect."""
    if encoding in _PLAIN:
        return content
    if is_base64(encoding):
        return _base64(content, defects)
    if encoding in ("quoted-printable", "quotedprintable", "qp", "quoted"):
        return _quoted_printable(content)
    if encoding in ("x-uuencode", "x-uue", "uuencode", "uue"):
        from caseway.mail import uuencode

        files = uuencode.extract(content).files
        if files:
            return files[0].content
        defects.append("uuencoded part that cannot be read")
        return content
    defects.append(f"unknown transfer encoding '{encoding[:40]}'")
    return content


def is_base64(encoding: str) -> bool:
    return encoding in ("base64", "base-64", "b")


def _base64(content: bytes, defects: list[str]) -> bytes:
    """Decoded bytes; several padded runs are joined, a footer in plain text behind the padding is left out."""
    padding = content.find(b"=")
    rest = content[padding:].lstrip(b"= \t\r\n") if padding >= 0 else b""
    if rest and _FOREIGN.search(rest):
        defects.append("text behind base64 left out")
        content, rest = content[:padding], b""
    pieces = re.split(rb"=+", content, maxsplit=_BASE64_RUNS) if rest else [content]
    return b"".join(_base64_run(piece, defects) for piece in pieces)


def _base64_run(content: bytes, defects: list[str]) -> bytes:
    if _FOREIGN.search(content) is None:
        try:
            return binascii.a2b_base64(content)
        except binascii.Error:  # padding lost, or cut short
            pass
    else:
        defects.append("damaged base64")
    text = _NOT_BASE64.sub(b"", content).replace(b"=", b"")
    if len(text) % 4 == 1:
        text = text[:-1]
    return binascii.a2b_base64(text + b"=" * (-len(text) % 4))


def _quoted_printable(content: bytes) -> bytes:
    """Own rather than quopri: that one drops a '=' at a line's end and the bytes of '=\\r' differently by version."""
    if b"=" not in content:
        return content
    content = _SOFT_BREAK.sub(b"", content)
    if content.endswith(b"="):
        content = content[:-1]
    return _HEX.sub(lambda found: bytes((int(found[1], 16),)), content)
