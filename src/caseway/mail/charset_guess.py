"""A codec for 8-bit bytes that nobody named: by script where it is plain, else Windows-1252."""

from __future__ import annotations

import re
from functools import lru_cache

from caseway.mail.charset_names import codec_for


@lru_cache(maxsize=256)
def guess(sample: bytes) -> str:
    """A codec for 8-bit bytes that are not UTF-8: by script where it is plain, else Windows-1252."""
    high = len(sample) - len(sample.translate(None, _HIGH))
    in_runs = sum(len(run) for run in _RUNS.findall(sample))
    if high < 4 or in_runs * 2 < high:  # accents stand alone in Latin text: every detector guesses wildly there
        return "cp1252"
    for codec, is_plausible in (
        # Narrow scripts first: Korean and Russian bytes are valid Chinese too.
        ("koi8-r", _is_russian),
        ("cp1251", _is_russian),
        ("cp932", _is_japanese),
        ("euc_jp", _is_japanese),
        ("cp949", _is_korean),
        ("gb18030", _is_simplified_chinese),
        ("big5hkscs", _is_traditional_chinese),
    ):
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


def _is_simplified_chinese(text: str) -> bool:
    """Ideographs of the first level of GB 2312, the 3,755 in daily use; anything misread has rare ones."""
    ideographs = [character for character in text if "\u4e00" <= character <= "\u9fff"]
    codes = "".join(ideographs).encode("gb2312", "replace")
    daily = sum(1 for byte in codes[::2] if 0xB0 <= byte <= 0xD7) if b"?" not in codes else 0
    return bool(ideographs) and daily >= 0.9 * len(ideographs) and _is_ideographic(text)


def _is_ideographic(text: str) -> bool:
    return _share(text, 0x3000, 0x9FFF) + _share(text, 0xFF00, 0xFFEF) > 0.9


def _is_traditional_chinese(text: str) -> bool:
    common = sum(
        text.count(character)
        for character in "的是一不了在有人我他这中大来上国個這們說你们为和地出道也时年得就那要下以生会"
    )
    return _is_ideographic(text) and common > 0


def _is_japanese(text: str) -> bool:
    return _share(text, 0x3040, 0x30FF) > 0.3 and _is_ideographic(text)


def _is_korean(text: str) -> bool:
    """Syllables, with one of the daily ones among them: a few Chinese words are valid Korean by chance."""
    return _share(text, 0xAC00, 0xD7A3) > 0.9 and any(one in text for one in "이다는을가에의를은하고지기니로한사도서어")


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
