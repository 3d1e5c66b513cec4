"""ISO-2022 text, with what Windows and phones put into it beyond RFC 1468 (cp50221)."""

from __future__ import annotations

import re

ISO_2022 = (
    (b"\x1b$)C", "iso2022_kr"),
    (b"\x1b$B", "iso2022_jp_ext"),
    (b"\x1b$@", "iso2022_jp_ext"),
    (b"\x1b(J", "iso2022_jp_ext"),
    (b"\x1b(I", "iso2022_jp_ext"),
)
"""Escape sequences that name the charset by themselves (RFC 1468, RFC 1557)."""


def decode_iso_2022(content: bytes, codec: str) -> str:
    """ISO-2022 text; Japanese with half-width katakana or vendor characters by way of cp932."""
    if codec == "iso2022_kr":
        return content.decode("iso2022_kr", "replace")
    try:
        return content.decode("iso2022_jp")
    except UnicodeDecodeError:
        return _vendor_japanese(content)


_ESCAPE = re.compile(rb"\x1b(\$[@B]|\([BJI]|\$\([DOPQ]|&@\x1b\$B)")


def _vendor_japanese(content: bytes) -> str:
    """ISO-2022-JP as Windows and phones write it: rows 13 and 89 to 92 of JIS (cp50221), read as cp932."""
    out: list[str] = []
    mode, position = b"(B", 0
    for found in [*_ESCAPE.finditer(content), None]:
        piece = content[position : found.start() if found else len(content)]
        if mode in (b"$B", b"$@", b"&@\x1b$B"):
            out.append(_jis_rows(piece))
        elif mode == b"(I":
            out.append(
                bytes(byte | 0x80 if 0x21 <= byte <= 0x5F else byte for byte in piece).decode("cp932", "replace")
            )
        elif mode == b"$(D":
            out.append((b"\x1b$(D" + piece + b"\x1b(B").decode("iso2022_jp_ext", "replace"))
        elif piece.isascii():
            out.append(piece.decode("ascii"))
        else:
            out.append(_eight_bit(piece))
        if found:
            mode, position = found[1], found.end()
    return "".join(out)


def _eight_bit(piece: bytes) -> str:
    """Bytes that ISO-2022 has no place for: UTF-8 or Shift_JIS under the wrong name."""
    try:
        return piece.decode("utf-8")
    except UnicodeDecodeError:
        return piece.decode("cp932", "replace")


def _jis_rows(piece: bytes) -> str:
    """Two 7-bit bytes a character → Shift_JIS arithmetic → text. Line ends inside a run are kept."""
    shifted = bytearray()
    position = 0
    while position < len(piece):
        first = piece[position]
        second = piece[position + 1] if position + 1 < len(piece) else 0
        if not (0x21 <= first <= 0x7E and 0x21 <= second <= 0x7E):
            shifted.append(first if first < 0x80 else 0x3F)
            position += 1
            continue
        lead = (first - 0x21) // 2 + 0x81
        lead += 0x40 if lead > 0x9F else 0
        trail = second + 0x1F + (second > 0x5F) if first % 2 else second + 0x7E
        shifted += bytes((lead, trail))
        position += 2
    return shifted.decode("cp932", "replace")
