"""Bytes → text, whatever the sender claimed the charset to be. Never raises.

Order: a byte order mark; the declared charset in the wider form that senders mean by it (WHATWG Encoding);
UTF-8 when it fits; what the escape sequences or a detector say; Windows-1252, which fits everything.
"""

from __future__ import annotations

import codecs
import re
from functools import lru_cache

from caseway.mail import bounds

WIDER = {
    # Outlook and many Chinese senders declare GB2312 and use characters of its supersets (WHATWG: gbk).
    **dict.fromkeys(("gb2312", "gb-2312", "iso-gb2312", "gbk", "x-gbk", "gb_2312-80", "csgb2312", "chinese",
                     "cp936", "ms936", "hz-gb", "euc-cn", "iso-ir-58"), "gb18030"),
    # Japanese senders use the circled numbers and brackets of cp932 under the name Shift_JIS.
    **dict.fromkeys(("shift_jis", "shift-jis", "sjis", "x-sjis", "ms_kanji", "csshiftjis", "windows-31j",
                     "x-ms-cp932", "ms932", "shift_jisx0213"), "cp932"),
    **dict.fromkeys(("iso-2022-jp", "csiso2022jp", "iso-2022-jp-ms", "cp50220", "cp50221", "cp50222",
                     "iso-2022-jp-1", "iso-2022-jp-2"), "iso2022_jp_ms"),
    **dict.fromkeys(("euc-jp", "x-euc-jp", "eucjp-ms", "cp51932"), "euc_jp"),
    **dict.fromkeys(("iso-8859-1", "iso8859-1", "iso_8859-1", "latin1", "latin-1", "l1", "iso-8859-1-windows-3.1-latin-1",
                     "iso-8859-8859-1", "iso-ir-100", "ansi", "western", "windows-1252http-equivcontent-type",
                     "cp-1252", "win-1252", "x-ansi", "windows1252"), "cp1252"),
    **dict.fromkeys(("iso-8859-9", "iso8859-9", "latin5"), "cp1254"),
    **dict.fromkeys(("iso-8859-11", "tis-620", "tis620"), "cp874"),
    **dict.fromkeys(("ks_c_5601-1987", "ks_c_5601", "ksc5601", "ks_c_5601-1989", "euc-kr", "euckr", "windows-949",
                     "korean", "5601"), "cp949"),
    **dict.fromkeys(("big5", "big-5", "x-x-big5", "cn-big5", "csbig5"), "big5hkscs"),
    **dict.fromkeys(("us-ascii", "ascii", "ansi_x3.4-1968", "7bit", "8bit", "us_ascii", "usascii", "en"), "ascii"),
    **dict.fromkeys(("utf8", "utf-8", "uft-8", "utf_8", "utf-8mb4", "utf8mb4", "unicode-1-1-utf-8", "utf-8-sig",
                     "x-utf-8", "unicode", "utf"), "utf-8"),
    **dict.fromkeys(("utf-7", "utf7", "unicode-1-1-utf-7", "csunicode11utf7", "x-unicode-2-0-utf-7"), "utf-7"),
    **dict.fromkeys(("iso-8859-8-i", "iso-8859-8-e", "logical", "visual"), "iso8859-8"),
    **dict.fromkeys(("x-mac-roman", "macintosh", "mac", "x-macroman"), "mac-roman"),
    **dict.fromkeys(("x-mac-cyrillic", "x-mac-ukrainian"), "mac-cyrillic"),
    **dict.fromkeys(("koi8", "koi8r", "koi", "koi-8-r"), "koi8-r"),
    **dict.fromkeys(("iso-8859-6-i", "iso-8859-6-e"), "iso8859-6"),
}
"""Names as senders write them → Python codec that reads what they mean."""

LATIN = frozenset({"cp1252", "ascii", "iso8859-15", "cp1250", "iso8859-2", "cp1254", "mac-roman"})
"""Charsets in which a valid run of UTF-8 would read as nonsense such as 'Ã¤'."""

ISO_2022 = ((b"\x1b$)C", "iso2022_kr"), (b"\x1b$B", "iso2022_jp_ms"), (b"\x1b$@", "iso2022_jp_ms"),
            (b"\x1b(J", "iso2022_jp_ms"), (b"\x1b(I", "iso2022_jp_ms"))
"""Escape sequences that name the charset by themselves (RFC 1468, RFC 1557)."""

NOT_TEXT = frozenset({"base64", "base64-codec", "bz2", "hex", "quopri", "rot13", "uu", "zlib", "punycode", "idna",
                      "unicode-escape", "raw-unicode-escape", "undefined", "mbcs", "oem"})
"""Python codecs that are no charset and run code of another kind."""

MULTIBYTE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_META = re.compile(rb"<meta[^>]{0,200}?charset\s{0,5}=\s{0,5}[\"']?\s{0,5}([\w.:-]{1,40})", re.IGNORECASE)


def decode(content: bytes, declared: str = "", *, is_html: bool = False) -> tuple[str, str]:
    """Return (text, defect); the defect is '' when the declared charset fits. Any input, never raises."""
    if not content:
        return "", ""
    name = declared.strip().strip("\"'").lower()
    for mark, codec in ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if content.startswith(mark):
            return content[len(mark):].decode(codec, "replace"), ""
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


@lru_cache(maxsize=512)
def codec_for(name: str) -> str:
    """Python codec for a charset name as declared, '' for an unknown one."""
    name = name.strip().lower()[:64]
    if not name or not name.isascii() or not name.isprintable():
        return ""
    for candidate in (name, name.replace("_", "-"), re.sub(r"[^a-z0-9._-]", "", name),
                      re.sub(r"^(windows|win|cp)[-_]?(?=\d)", "cp", name), re.sub(r"^x-", "", name),
                      re.sub(r"^iso_?(?=8859)", "iso-", name), re.sub(r"^[^a-z]+", "", name)):
        if candidate in WIDER:
            return _iso_2022_jp() if WIDER[candidate] == "iso2022_jp_ms" else WIDER[candidate]
        if candidate.replace("_", "-") in NOT_TEXT:
            continue
        try:
            info = codecs.lookup(candidate)
        except (LookupError, ValueError):
            continue
        if getattr(info, "_is_text_encoding", False) and info.name.replace("_", "-") not in NOT_TEXT:
            return WIDER.get(info.name, info.name)
    return ""


def _iso_2022_jp() -> str:
    """The widest reading of ISO-2022-JP in the standard library."""
    return "iso2022_jp_ext"


def _ascii(content: bytes, name: str, codec: str) -> tuple[str, str]:
    text = content.decode("ascii")
    if b"\x1b" in content:
        for sequence, escape_codec in ISO_2022:
            if sequence in content:
                return _iso_2022(content, escape_codec), "escape sequences of ISO-2022 without the charset"
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
        return _iso_2022(content, "iso2022_jp_ms"), ""
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


def _iso_2022(content: bytes, codec: str) -> str:
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
            out.append(bytes(byte | 0x80 if 0x21 <= byte <= 0x5F else byte for byte in piece).decode("cp932", "replace"))
        elif mode == b"$(D":
            out.append((b"\x1b$(D" + piece + b"\x1b(B").decode("iso2022_jp_ext", "replace"))
        elif piece.isascii():
            out.append(piece.decode("ascii"))
        else:
            out.append(_detect(piece)[0])
        if found:
            mode, position = found[1], found.end()
    return "".join(out)


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
        if first % 2:
            trail = second + 0x1F + (second > 0x5F)
        else:
            trail = second + 0x7E
        shifted += bytes((lead, trail))
        position += 2
    return shifted.decode("cp932", "replace")


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
                return _iso_2022(content, codec), "ISO-2022"
    codec = _guess(content[: bounds.DETECT_BYTES])
    return content.decode(codec, "replace"), codec


@lru_cache(maxsize=256)
def _guess(sample: bytes) -> str:
    """A codec for 8-bit bytes that are not UTF-8: by script where it is plain, else Windows-1252."""
    high = len(sample) - len(sample.translate(None, _HIGH))
    in_runs = sum(len(run) for run in _RUNS.findall(sample))
    if high < 4 or in_runs * 2 < high:  # accents stand alone in Latin text: every detector guesses wildly there
        return "cp1252"
    for codec, is_plausible in (("gb18030", _is_chinese), ("cp932", _is_japanese), ("koi8-r", _is_russian),
                                ("cp1251", _is_russian), ("big5hkscs", _is_chinese), ("cp949", _is_korean)):
        try:
            text = sample.decode(codec)
        except UnicodeDecodeError as error:
            if error.start < len(sample) - 3:
                continue
            text = sample[: error.start].decode(codec, "replace")
        if is_plausible(text):
            return codec
    return _by_detector(sample)


_HIGH = bytes(range(0x80, 0x100))
_RUNS = re.compile(rb"[\x80-\xff]{3,}")


def _share(text: str, low: int, high: int) -> float:
    foreign = [character for character in text if ord(character) >= 0x80]
    return sum(1 for character in foreign if low <= ord(character) <= high) / len(foreign) if foreign else 0.0


def _is_chinese(text: str) -> bool:
    """Common ideographs and full-width marks only; Latin text misread as Chinese has rare ones."""
    common = sum(text.count(character) for character in "的是一不了在有人我他这中大来上国個這們說你们为和地出道也时年得就那要下以生会")
    return _share(text, 0x3000, 0x9FFF) + _share(text, 0xFF00, 0xFFEF) > 0.95 and common > 0


def _is_japanese(text: str) -> bool:
    return _share(text, 0x3040, 0x30FF) > 0.3 and _share(text, 0x3000, 0x9FFF) + _share(text, 0xFF00, 0xFFEF) > 0.9


def _is_korean(text: str) -> bool:
    return _share(text, 0xAC00, 0xD7A3) > 0.9


def _is_russian(text: str) -> bool:
    """Cyrillic with small letters where small letters belong: KOI8-R and cp1251 swap the two cases."""
    cyrillic = [character for character in text if "А" <= character <= "я" or character in "ёЁ"]
    if len(cyrillic) < 0.9 * sum(1 for character in text if ord(character) >= 0x80):
        return False
    return sum(1 for character in cyrillic if character.islower()) * 2 > len(cyrillic)


def _by_detector(sample: bytes) -> str:
    from charset_normalizer import from_bytes

    try:
        best = from_bytes(sample[:4096], steps=5, chunk_size=512, preemptive_behaviour=False).best()
    except Exception:
        best = None
    codec = codec_for(best.encoding) if best else ""
    return codec or "cp1252"


def _shown(name: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in name[:40])
