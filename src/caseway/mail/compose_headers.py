"""Header fields as bytes: folded, encoded, and one field whatever the text holds.

Every text goes through `clean` before it is written, and no other way leads into a field: after it there is no
CR, LF, NUL or other control character left to end the field with (CVE-2024-6923 and its family).
"""

from __future__ import annotations

import base64
import unicodedata
from collections.abc import Iterable, Sequence
from urllib.parse import quote

import idna

from caseway.mail.model import Address

LINE = 76
"""Characters a header line is folded at: RFC 2047 allows 76 with encoded words, RFC 5322 asks for 78 at most."""
LONGEST_WORD = 900
"""A word of a field that folds nowhere: RFC 5322 2.1.1 forbids lines over 998."""
ENCODED_BYTES = 42
"""Bytes of UTF-8 in one encoded word: 56 characters of base64 and 12 around them stay under 75 (RFC 2047 2)."""
TEXT_LIMIT = 4_000
"""Characters of a subject or another text: servers refuse longer fields, and what is answered may hold anything."""
NAME_LIMIT = 500
LOCAL_PART_LIMIT = 64
"""Octets (RFC 5321 4.5.3.1.1)."""
ATOM = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-/=?^_`{|}~")
BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")
"""Characters that turn the direction of writing: in a file name they hide its real ending."""


class UnsendableError(ValueError):
    """A draft that cannot become a message; the text says which field, and goes to a person."""


def clean(text: str) -> str:
    """`text` on one line: control characters and line separators are spaces, lone surrogates U+FFFD, NFC."""
    kept = "".join(" " if _is_control(c) else "\ufffd" if "\ud800" <= c <= "\udfff" else c for c in text)
    return " ".join(unicodedata.normalize("NFC", kept).split())


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Zl", "Zp"}


def text_field(name: str, value: str) -> bytes:
    """An unstructured field (RFC 5322 2.2.1); what is not ASCII becomes encoded words (RFC 2047)."""
    value = clean(value)
    return fold(name, encoded_words(value if len(value) <= TEXT_LIMIT else f"{value[: TEXT_LIMIT - 1]}…"))


def encoded_words(value: str) -> list[str]:
    """The words of a cleaned text, those that need it encoded. From the first to the last such it is one run."""
    words = value.split(" ")
    odd = [index for index, word in enumerate(words) if _needs_encoding(word)]
    if not odd:
        return words
    run = " ".join(words[odd[0] : odd[-1] + 1])
    return [*words[: odd[0]], *_encode(run), *words[odd[-1] + 1 :]]


def _needs_encoding(word: str) -> bool:
    return not word.isascii() or "=?" in word or len(word) > LINE - 2


def _encode(run: str) -> list[str]:
    """Encoded words of whole characters: a reader decodes each by itself."""
    chunks: list[bytes] = []
    chunk = b""
    for character in run:
        piece = character.encode("utf-8")
        if chunk and len(chunk) + len(piece) > ENCODED_BYTES:
            chunks.append(chunk)
            chunk = b""
        chunk += piece
    chunks.append(chunk)
    return [f"=?utf-8?B?{base64.b64encode(chunk).decode('ascii')}?=" for chunk in chunks]


def fold(name: str, words: Iterable[str]) -> bytes:
    """`name: words`, a new line with a space before it wherever the next word would not fit (RFC 5322 2.2.3)."""
    lines = [f"{name}:"]
    for word in words:
        # The first word stays on the line of the name: a line of white space alone is obsolete syntax.
        if len(lines[-1]) + 1 + len(word) > LINE and lines[-1] != f"{name}:":
            lines.append("")
        lines[-1] += f" {word}"
    return "\r\n".join(lines).encode("utf-8") + b"\r\n"


def address_field(name: str, addresses: Sequence[Address]) -> bytes:
    """A field of mailboxes (RFC 5322 3.4), IDN domains in ASCII; a local part that is not ASCII stays (RFC 6532)."""
    words: list[str] = []
    for index, address in enumerate(addresses):
        comma = "," if index < len(addresses) - 1 else ""
        words += [*_display_name(address.name), f"<{mailbox(address.email)}>{comma}"]
    return fold(name, words)


def _display_name(name: str) -> list[str]:
    name = clean(name)[:NAME_LIMIT].strip()
    if not name:
        return []
    if any(_needs_encoding(word) for word in name.split(" ")):
        return _encode(name)
    if all(c in ATOM or c == " " for c in name):
        return name.split(" ")
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'.split(" ")


def mailbox(email: str) -> str:
    """`local@domain` as a header and an SMTP command can carry it. Raises UnsendableError when it names nobody."""
    local, _, domain = clean(email).rpartition("@")
    domain = ascii_domain(domain)
    is_quoted = len(local) > 2 and local.startswith('"') and local.endswith('"')
    if is_quoted:
        local = local[1:-1].replace("\\", "")
    # Unquoted, these come of a list or a name that was taken for an address.
    is_broken = not is_quoted and any(c in ' <>()[]:;,@\\"' for c in local)
    if not local or not domain or is_broken or len(local.encode()) > LOCAL_PART_LIMIT:
        raise UnsendableError(f"{clean(email)[:200]!r} is not an email address that can be written to.")
    is_dot_atom = all(c in ATOM or c == "." or not c.isascii() for c in local) and all(local.split("."))
    if is_dot_atom:
        return f"{local}@{domain}"
    escaped = local.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"@{domain}'


def ascii_domain(domain: str) -> str:
    """The domain in ASCII (IDNA 2008, mapped as UTS 46); '' when it is none."""
    domain = domain.strip().rstrip(".")
    if domain.startswith("[") and domain.endswith("]"):
        inner = domain[1:-1]
        return domain if inner and all(c in "0123456789abcdefABCDEF:.IPv" for c in inner) else ""
    try:
        # Not strict: names with an underscore exist and take mail.
        encoded = domain if domain.isascii() else idna.encode(domain, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        return ""
    labels = encoded.lower().split(".")
    return ".".join(labels) if all(map(_is_label, labels)) and len(encoded) <= 253 else ""


def _is_label(label: str) -> bool:
    return (
        0 < len(label) <= 63
        and not label.startswith("-")
        and not label.endswith("-")
        and (all(c.isalnum() or c in "-_" for c in label))
    )


def identifier(value: str) -> str:
    """A Message-ID in its angle brackets; '' when nothing is left that a field may hold (RFC 5322 3.6.4)."""
    kept = "".join(c for c in value if "!" <= c <= "~" and c not in "<>")
    return f"<{kept}>" if 0 < len(kept) <= LONGEST_WORD else ""


def parameters(name: str, value: str) -> list[str]:
    """`name="value"` or, where that is not enough, the extended and continued form of RFC 2231."""
    if value.isascii() and len(value) <= 60 and not any(c in '"\\%' for c in value):
        return [f'{name}="{value}"']
    encoded = quote(value, safe="!#$&+-.^_`{|}~", encoding="utf-8", errors="replace")
    if len(encoded) <= 55:
        return [f"{name}*=utf-8''{encoded}"]
    pieces: list[str] = []
    while encoded:
        cut = min(50, len(encoded))
        # An escape stays whole: %E2 is not torn into %E and 2.
        if cut < len(encoded) and "%" in encoded[cut - 2 : cut]:
            cut = encoded.rindex("%", 0, cut)
        pieces.append(encoded[:cut])
        encoded = encoded[cut:]
    pieces[0] = f"utf-8''{pieces[0]}"
    return [f"{name}*{index}*={piece}" for index, piece in enumerate(pieces)]


def file_name(name: str) -> str:
    """A file name fit for a header: one line, no path, no turning of the writing direction, at most 200 characters."""
    kept = "".join(c for c in clean(name) if c not in BIDI and c != "\u200b")
    kept = kept.replace("\\", "/").rpartition("/")[2].strip()
    if len(kept) > 200:
        stem, dot, ending = kept.rpartition(".")
        kept = f"{stem[: 199 - len(ending)]}{dot}{ending}" if dot and len(ending) <= 20 else kept[:200]
    return kept or "file"
