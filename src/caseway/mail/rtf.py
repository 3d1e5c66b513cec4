"""Compressed RTF of Outlook (MS-OXRTFCP) → readable text, or the HTML that it wraps (MS-OXRTFEX). Bounded."""

from __future__ import annotations

import re
import struct

from caseway.mail import bounds, charset

_PREBUFFER = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS"
    b" Sans Serif"
    b"SymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par"
    b" \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
_TOKEN = re.compile(rb"\\([a-z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-z])|([{}])|[\r\n]+|([^\\{}\r\n]+)")
_HIDDEN = frozenset(
    {
        b"fonttbl",
        b"colortbl",
        b"stylesheet",
        b"info",
        b"pict",
        b"object",
        b"themedata",
        b"listtable",
        b"listoverridetable",
        b"rsidtbl",
        b"generator",
        b"datastore",
        b"latentstyles",
        b"xmlnstbl",
    }
)
_AS_TEXT = {
    b"par": "\n",
    b"line": "\n",
    b"tab": "\t",
    b"lquote": "‘",
    b"rquote": "’",
    b"ldblquote": "“",
    b"rdblquote": "”",
    b"bullet": "•",
    b"endash": "–",
    b"emdash": "—",
    b"row": "\n",
    b"cell": "\t",
}


def readable(compressed: bytes, codepage: str) -> tuple[str, str]:
    """Return (text, html); html is '' unless the RTF wraps one. Damage gives what was read until then."""
    source = decompress(compressed)
    is_html = b"\\fromhtml" in source[:2000]
    content = _text(source, codepage, is_html=is_html)
    return ("", content) if is_html else (content, "")


def decompress(data: bytes) -> bytes:
    """The RTF in a PR_RTF_COMPRESSED value; b'' when it is none."""
    if len(data) < 16:
        return b""
    size, kind = struct.unpack_from("<4xI4s", data)
    if kind == b"MELA":
        return data[16 : 16 + min(size, bounds.RTF_BYTES)]
    if kind != b"LZFu":
        return b""
    window = bytearray(_PREBUFFER.ljust(4096, b"\0"))
    cursor, out, position = len(_PREBUFFER), bytearray(), 16
    limit = min(size, bounds.RTF_BYTES)
    while position < len(data) and len(out) < limit:
        control = data[position]
        position += 1
        for bit in range(8):
            if control >> bit & 1:
                if position + 1 >= len(data):
                    return bytes(out)
                reference = data[position] << 8 | data[position + 1]
                position += 2
                offset, length = reference >> 4, (reference & 15) + 2
                if offset == cursor:
                    return bytes(out)
                for step in range(length):
                    byte = window[(offset + step) & 4095]
                    out.append(byte)
                    window[cursor] = byte
                    cursor = (cursor + 1) & 4095
            else:
                if position >= len(data):
                    return bytes(out)
                out.append(data[position])
                window[cursor] = data[position]
                cursor = (cursor + 1) & 4095
                position += 1
    return bytes(out)


def _text(source: bytes, codepage: str, *, is_html: bool) -> str:
    """Visible characters; of wrapped HTML the tags too, and nothing of its RTF double."""
    out: list[str] = []
    hidden: list[bool] = [False]  # one entry an open group; a list, not recursion
    after_star = is_rtf_double = False
    skip = 0
    pending = bytearray()  # bytes of \'82\'a0, joined so that double-byte code pages read
    for token in _TOKEN.finditer(source):
        word, number, byte, symbol, brace, plain = token.groups()
        if pending and not byte:
            out.append(charset.decode(bytes(pending), codepage)[0])
            pending.clear()
        if brace == b"{":
            hidden.append(hidden[-1])
        elif brace == b"}":
            if len(hidden) > 1:
                hidden.pop()
        elif symbol == b"*":
            after_star = True
            continue
        elif (
            word in _HIDDEN
            or (after_star and word is not None and word not in (b"htmltag", b"mhtmltag"))
            or word == b"mhtmltag"
        ):
            hidden[-1] = True
        elif word == b"htmltag":
            hidden[-1] = False
        elif word == b"htmlrtf":
            is_rtf_double = number != b"0"
        elif not hidden[-1] and not (is_html and is_rtf_double):
            if byte and not skip:
                pending.append(int(byte, 16))
            else:
                skip = _visible(out, (word, number, symbol, plain), codepage, skip)
        after_star = False
    out.append(charset.decode(bytes(pending), codepage)[0])
    return "".join(out)


def _visible(out: list[str], token: tuple[bytes | None, ...], codepage: str, skip: int) -> int:
    """Append what a token shows; returns how many characters to skip (the fallback behind a \\u)."""
    word, number, symbol, plain = token
    if word == b"u" and number:
        out.append(chr(int(number) % 65536))
        return 1
    if word in _AS_TEXT:
        out.append(_AS_TEXT[word])
    elif symbol in (b"\\", b"{", b"}"):
        out.append(symbol.decode("ascii"))
    elif symbol == b"~":
        out.append("\u00a0")
    elif plain:
        out.append(charset.decode(plain[skip:], codepage)[0])
    return 0
