"""Bytes → text, whatever the sender claimed the charset to be. Never raises.

Order: a byte order mark; the declared charset in the wider form that senders mean by it (WHATWG Encoding);
UTF-8 when it fits; what the escape sequences or a detector say; Windows-1252, which fits everything.
"""

from __future__ import annotations

import codecs
import re

from caseway.mail import bounds
from caseway.mail.charset_guess import guess
from caseway.mail.charset_japanese import ISO_2022, decode_iso_2022
from caseway.mail.charset_names import codec_for

LATIN = frozenset({"cp1252", "ascii", "iso8859-15", "cp1250", "iso8859-2", "cp1254", "mac-roman"})
"""Charsets in which a valid run of UTF-8 would read as nonsense such as 'Ã¤'."""

MULTIBYTE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_META = re.compile(rb"<meta[^>]{0,200}?charset\s{0,5}=\s{0,5}[\"']?\s{0,5}([\w.:-]{1,40})", re.IGNORECASE)


def decode(content: bytes, declared: str = "", *, is_html: bool = False) -> tuple[str, str]:
    """Return (text, defect); the defect is '' when the declared charset fits. Any input, never raises."""
    if not content:
        return "", ""
    name = declared.strip().strip("\"'").lower()
    for mark, codec in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if content.startswith(mark):
            return content[len(mark) :].decode(codec, "replace"), ""
    if is_html and not name:
        found = _META.search(content, 0, 4096)
        name = found[1].decode("ascii", "replace").lower() if found else ""
        if name.startswith("utf-16"):  # a page that says so in ASCII bytes is not
            name = "utf-8"
    codec = codec_for(name)
    if content.isascii() and codec in ("", "ascii", "utf-8", *LATIN):
        return _ascii(content, name, codec)
    if codec and codec != "ascii":
        return _by_declaration(content, name, codec)
    text, used = _detect(content)
    if not name or codec == "ascii":
        return text, f"8-bit text without a charset, read as {used}"
    return text, f"unknown charset '{_shown(name)}', read as {used}"


def _ascii(content: bytes, name: str, codec: str) -> tuple[str, str]:
    text = content.decode("ascii")
    if b"\x1b" in content:
        for sequence, escape_codec in ISO_2022:
            if sequence in content:
                return decode_iso_2022(content, escape_codec), "escape sequences of ISO-2022 without the charset"
    if name and not codec:
        return text, f"unknown charset '{_shown(name)}'"
    return text, ""


def _by_declaration(content: bytes, name: str, codec: str) -> tuple[str, str]:
    if codec in LATIN and MULTIBYTE.search(content):
        try:
            return content.decode("utf-8"), f"declared {_shown(name)}, is UTF-8"
        except UnicodeDecodeError:
            pass
    if codec.startswith("iso2022_jp"):
        return decode_iso_2022(content, codec), ""
    try:
        return content.decode(codec), ""
    except (UnicodeError, ValueError, LookupError, OverflowError):
        pass
    if codec == "cp1252":  # five bytes are unassigned there; WHATWG reads them as C1 controls
        return content.decode("cp1252", "replace"), f"bytes that {_shown(name)} does not have"
    if codec != "utf-8":
        try:
            return content.decode("utf-8"), f"declared {_shown(name)}, is UTF-8"
        except UnicodeDecodeError:
            text = _replaced(content, codec)
            return text, f"bytes that {_shown(name)} does not have"
    high = sum(1 for byte in content[: bounds.DETECT_BYTES] if byte >= 0x80)
    fitting = sum(len(found) for found in MULTIBYTE.findall(content, 0, bounds.DETECT_BYTES))
    if fitting * 2 >= high:  # mostly UTF-8 with a few broken bytes
        return content.decode("utf-8", "replace"), "bytes that are not UTF-8"
    text, used = _detect(content)
    return text, f"declared UTF-8, is not; read as {used}"


def _replaced(content: bytes, codec: str) -> str:
    try:
        return content.decode(codec, "replace")
    except (UnicodeError, ValueError, LookupError, OverflowError):
        return content.decode("cp1252", "replace")


def _detect(content: bytes) -> tuple[str, str]:
    """Text and the charset it was read as, for bytes that nobody named."""
    try:
        return content.decode("utf-8"), "UTF-8"
    except UnicodeDecodeError as error:
        # Cut in the middle of a character at the very end: still UTF-8.
        if error.start >= len(content) - 3 and MULTIBYTE.search(content):
            return content.decode("utf-8", "replace"), "UTF-8"
    if b"\x1b$" in content:
        for sequence, codec in ISO_2022:
            if sequence in content:
                return decode_iso_2022(content, codec), "ISO-2022"
    codec = guess(content[: bounds.DETECT_BYTES])
    return content.decode(codec, "replace"), codec


def _shown(name: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in name[:40])
