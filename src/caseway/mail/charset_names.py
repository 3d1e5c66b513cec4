"""Names of charsets as senders write them → the Python codec that reads what they mean (WHATWG Encoding)."""

from __future__ import annotations

import codecs
import re
from functools import lru_cache

WIDER = {
    # Outlook and many Chinese senders declare GB2312 and use characters of its supersets (WHATWG: gbk).
    **dict.fromkeys(
        (
            "gb2312",
            "gb-2312",
            "iso-gb2312",
            "gbk",
            "x-gbk",
            "gb_2312-80",
            "csgb2312",
            "chinese",
            "cp936",
            "ms936",
            "hz-gb",
            "euc-cn",
            "iso-ir-58",
        ),
        "gb18030",
    ),
    # Japanese senders use the circled numbers and brackets of cp932 under the name Shift_JIS.
    **dict.fromkeys(
        (
            "shift_jis",
            "shift-jis",
            "sjis",
            "x-sjis",
            "ms_kanji",
            "csshiftjis",
            "windows-31j",
            "x-ms-cp932",
            "ms932",
            "shift_jisx0213",
        ),
        "cp932",
    ),
    **dict.fromkeys(
        (
            "iso-2022-jp",
            "csiso2022jp",
            "iso-2022-jp-ms",
            "cp50220",
            "cp50221",
            "cp50222",
            "iso-2022-jp-1",
            "iso-2022-jp-2",
        ),
        "iso2022_jp_ext",
    ),
    **dict.fromkeys(("euc-jp", "x-euc-jp", "eucjp-ms", "cp51932"), "euc_jp"),
    **dict.fromkeys(
        (
            "iso-8859-1",
            "iso8859-1",
            "iso_8859-1",
            "latin1",
            "latin-1",
            "l1",
            "iso-8859-1-windows-3.1-latin-1",
            "iso-8859-8859-1",
            "iso-ir-100",
            "ansi",
            "western",
            "windows-1252http-equivcontent-type",
            "cp-1252",
            "win-1252",
            "x-ansi",
            "windows1252",
        ),
        "cp1252",
    ),
    **dict.fromkeys(("iso-8859-9", "iso8859-9", "latin5"), "cp1254"),
    **dict.fromkeys(("iso-8859-11", "tis-620", "tis620"), "cp874"),
    **dict.fromkeys(
        (
            "ks_c_5601-1987",
            "ks_c_5601",
            "ksc5601",
            "ks_c_5601-1989",
            "euc-kr",
            "euckr",
            "windows-949",
            "korean",
            "5601",
        ),
        "cp949",
    ),
    **dict.fromkeys(("big5", "big-5", "x-x-big5", "cn-big5", "csbig5"), "big5hkscs"),
    **dict.fromkeys(("us-ascii", "ascii", "ansi_x3.4-1968", "7bit", "8bit", "us_ascii", "usascii", "en"), "ascii"),
    **dict.fromkeys(
        (
            "utf8",
            "utf-8",
            "uft-8",
            "utf_8",
            "utf-8mb4",
            "utf8mb4",
            "unicode-1-1-utf-8",
            "utf-8-sig",
            "x-utf-8",
            "unicode",
            "utf",
        ),
        "utf-8",
    ),
    **dict.fromkeys(("utf-7", "utf7", "unicode-1-1-utf-7", "csunicode11utf7", "x-unicode-2-0-utf-7"), "utf-7"),
    **dict.fromkeys(("iso-8859-8-i", "iso-8859-8-e", "logical", "visual"), "iso8859-8"),
    **dict.fromkeys(("x-mac-roman", "macintosh", "mac", "x-macroman"), "mac-roman"),
    **dict.fromkeys(("x-mac-cyrillic", "x-mac-ukrainian"), "mac-cyrillic"),
    **dict.fromkeys(("koi8", "koi8r", "koi", "koi-8-r"), "koi8-r"),
    **dict.fromkeys(("iso-8859-6-i", "iso-8859-6-e"), "iso8859-6"),
}
"""Names as senders write them → Python codec that reads what they mean."""

NOT_TEXT = frozenset(
    {
        "base64",
        "base64-codec",
        "bz2",
        "hex",
        "quopri",
        "rot13",
        "uu",
        "zlib",
        "punycode",
        "idna",
        "unicode-escape",
        "raw-unicode-escape",
        "undefined",
        "mbcs",
        "oem",
    }
)
"""Python codecs that are no charset and run code of another kind."""


@lru_cache(maxsize=512)
def codec_for(name: str) -> str:
    """Python codec for a charset name as declared, '' for an unknown one."""
    name = name.strip().lower()[:64]
    if not name or not name.isascii() or not name.isprintable():
        return ""
    for candidate in (
        name,
        name.replace("_", "-"),
        re.sub(r"[^a-z0-9._-]", "", name),
        re.sub(r"^(windows|win|cp)[-_]?(?=\d)", "cp", name),
        re.sub(r"^x-", "", name),
        re.sub(r"^iso_?(?=8859)", "iso-", name),
        re.sub(r"^[^a-z]+", "", name),
    ):
        if candidate in WIDER:
            return WIDER[candidate]
        if candidate.replace("_", "-") in NOT_TEXT:
            continue
        try:
            info = codecs.lookup(candidate)
        except (LookupError, ValueError):
            continue
        if getattr(info, "_is_text_encoding", False) and info.name.replace("_", "-") not in NOT_TEXT:
            return WIDER.get(info.name, info.name)
    return ""
