"""Addresses of header values (RFC 5322 3.4 with its obsolete forms, RFC 6532), and the key that compares them.

Own parser, linear in the input: the standard library recurses on comments, raises on '<a@[b>' and takes
'victim@x <evil@y>' for victim@x. What stands in angle brackets is the address, always.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from caseway.mail import bounds
from caseway.mail.encoded import clean, decode_words
from caseway.mail.model import Address

_SPECIAL = re.compile(r'=\?[^?\s]{1,60}\?[bBqQ]\?[^?\s]{0,2000}\?=|["(<>,;:]|\\')
"""What ends a run of plain words. An encoded word is one of them whatever bare ',' or ':' it holds."""
_ADDRESS_IN_TEXT = re.compile(r"[^\s<>()\[\],;:\"'@]{1,64}@([^\s<>()\[\],;:\"'@]{1,255}\.[^\s<>()\[\],;:\"'@.]{2,63})")
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad]")
_QUOTED_LOCAL = re.compile(r'"[^"]{1,64}"@\S+\Z')
_DOMAIN_SPACES = re.compile(r" ?([@.]) ?")
_ANGLE_CHARACTERS = 2_000
"""Longest text looked for between '<' and '>': RFC 5321 allows 254, source routes some more."""
LOCAL_ONLY = frozenset({"mailer-daemon", "postmaster", "root", "daemon", "mailerdaemon", "nobody"})
"""Names that servers put into From without a domain and that are still addresses."""


LONGEST_KEY = 320
"""64 octets, '@' and 255 octets (RFC 3696 erratum 1690: 254 in all); what the database's columns hold."""


@lru_cache(maxsize=4096)
def address_key(email: str) -> str:
    """What two addresses are compared by: lower case, NFC, the domain in its ASCII form. Never raises.

    Plus addresses and dots stay: they are different mailboxes for all we know.
    """
    email = unicodedata.normalize("NFC", _INVISIBLE.sub("", email[:1000]).strip().strip("<>").strip().lower())
    local, at, domain = email.rpartition("@")
    key = f"{local}@{_ascii_domain(domain.rstrip('.'))}" if at else email
    if len(key) <= LONGEST_KEY:
        return key
    # No mail can be sent to it; as a key it must still tell two of them apart.
    return f"{key[:200]}#{hashlib.sha256(key.encode('utf-8', 'replace')).hexdigest()}"


def _ascii_domain(domain: str) -> str:
    if domain.isascii():
        return domain
    import idna

    try:
        return idna.encode(domain, uts46=True, transitional=False).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError, ValueError, IndexError):
        return domain


class _Read(NamedTuple):
    """One mailbox as read, and what its form says of it."""

    address: Address
    has_bare_at: bool = False
    """An unquoted '@' stood in its name."""
    names_two: bool = False
    """No brackets, and several addresses in one mailbox."""
    is_words_only: bool = False
    """Words without brackets or '@': perhaps the first half of 'Smith, John <j@x>'."""


def parse_addresses(values: Iterable[str]) -> tuple[Address, ...]:
    """Mailboxes of header values in order, groups dissolved, twins kept. Damage yields what can be read.

    Values may hold encoded words: they are read after the structure is, so a decoded comma splits nothing.
    """
    found: list[Address] = []
    for value in values:
        for box in _mailboxes(value):
            found.append(box.address)
            if len(found) >= bounds.ADDRESSES:
                return tuple(found)
    return tuple(found)


def is_ambiguous(values: Iterable[str]) -> bool:
    """A From that does not name exactly one mailbox, or whose name reads as another address.

    'victim@x <evil@y>' always counts; '"helpdesk@x" <noreply@x>' within one domain does not.
    """
    boxes = [box for value in values for box in _mailboxes(value)]
    if sum(1 for box in boxes if box.address.email) > 1:
        return True
    return any(box.names_two or _reads_as_another(box.address, box.has_bare_at) for box in boxes)


def _reads_as_another(address: Address, has_bare_at: bool) -> bool:
    if not address.email or "@" not in address.name:
        return False
    for found in _ADDRESS_IN_TEXT.finditer(address.name[:1000]):
        key = address_key(found[0])
        if key != address.key and (has_bare_at or key.rpartition("@")[2] != address.domain):
            return True
    return has_bare_at and address_key(address.name) != address.key


class _Mailbox:
    """What has been read of one mailbox so far."""

    __slots__ = ("angle", "comments", "has_angle", "has_bare_at", "words")

    def __init__(self) -> None:
        self.words: list[str] = []
        self.comments: list[str] = []
        self.angle = ""
        self.has_angle = False
        self.has_bare_at = False


def _mailboxes(value: str) -> list[_Read]:
    """Each mailbox of one value, in order."""
    value = value[: bounds.HEADER_BYTES]
    out: list[_Read] = []
    box = _Mailbox()
    position, length = 0, len(value)
    while position < length and len(out) < bounds.ADDRESSES:
        found = _SPECIAL.search(value, position)
        stop = found.start() if found else length
        if stop > position:
            box.words.append(value[position:stop])
            box.has_bare_at = box.has_bare_at or (not box.has_angle and "@" in value[position:stop])
        if found is None:
            break
        mark, position = found[0], stop + 1
        if mark == '"':
            text, position = _quoted_string(value, position)
            box.words.append(f'"{text}"' if value[position : position + 1] == "@" else "\x00" + text + "\x00")
        elif mark == "(":
            text, position = _comment(value, position)
            box.comments.append(text)
        elif mark == "<":
            position = _angle(value, position, box)
        elif mark.startswith("=?"):
            box.words.append(mark)
            position = found.end()
        elif mark in ",;":
            _close(box, out)
            box = _Mailbox()
        elif mark == ":":
            if not box.has_angle and _is_group_name(box):
                box = _Mailbox()
            else:
                box.words.append(":")
        elif mark == "\\":
            box.words.append(value[position : position + 1])
            position += 1
        # A lone '>' is dropped.
    _close(box, out)
    return [one for one in out if one.address.name or one.address.email]


def _quoted_string(value: str, position: int) -> tuple[str, int]:
    out: list[str] = []
    while True:
        quote = value.find('"', position)
        if quote < 0:  # never closed: the address behind it must not be lost
            angle = value.rfind("<", position)
            stop = angle if angle >= 0 else len(value)
            return "".join(out) + value[position:stop], stop
        slash = value.find("\\", position, quote)
        if slash < 0:
            return "".join(out) + value[position:quote], quote + 1
        out.append(value[position:slash] + value[slash + 1 : slash + 2])
        position = slash + 2


_COMMENT_MARK = re.compile(r"[()\\]")


def _comment(value: str, position: int) -> tuple[str, int]:
    """Text of a comment and the offset behind it; nested ones are part of the text."""
    start, depth = position, 1
    while found := _COMMENT_MARK.search(value, position):
        position = found.end()
        if found[0] == "\\":
            position += 1
        elif found[0] == "(":
            depth += 1
            if depth > bounds.COMMENT_DEPTH:
                break
        else:
            depth -= 1
            if depth == 0:
                return value[start : position - 1].replace("\\", ""), position
    if depth == 1:  # never closed: an address behind it must not be lost
        angle = value.find("<", start)
        stop = angle if angle >= 0 else len(value)
        return value[start:stop], stop
    return "", len(value)


def _angle(value: str, position: int, box: _Mailbox) -> int:
    """Read '<…>' into the box; the last one with an '@' wins ('name <x> <a@b>')."""
    close = value.find(">", position, position + _ANGLE_CHARACTERS)
    inner_open = value.find("<", position, close if close >= 0 else position + _ANGLE_CHARACTERS)
    if inner_open >= 0 and not value[position:inner_open].strip():
        return inner_open  # '<<a@b>>'
    if close < 0:
        comma = value.find(",", position, position + _ANGLE_CHARACTERS)
        close = comma if comma >= 0 else min(len(value), position + _ANGLE_CHARACTERS)
    text = value[position:close].strip()
    if text.startswith("@") and ":" in text:  # source route, RFC 5322 4.4
        text = text.rpartition(":")[2]
    if text.lower().startswith("mailto:"):
        text = text[7:]
    if "@" in text or not box.angle:
        box.angle = text
    box.has_angle = True
    return close + 1 if value[close : close + 1] == ">" else close


def _is_group_name(box: _Mailbox) -> bool:
    return bool(box.words) and "@" not in "".join(box.words)


def _close(box: _Mailbox, out: list[_Read]) -> None:
    """Add what the box holds to `out`."""
    phrase = "".join(box.words)
    if not (phrase.strip("\x00 \t\r\n") or box.comments or box.has_angle):
        return
    if box.has_angle and (box.angle or phrase.strip()):
        name = _name(phrase) or _name(" ".join(box.comments))
        if out and out[-1].is_words_only and box.angle:  # 'Smith, John <j@x>' without the quotes
            name = f"{out.pop().address.name}, {name}"
        email = _email(box.angle)
        if "@" not in email and (inside := _ADDRESS_IN_TEXT.search(phrase)):
            email, name = _email(inside[0]), name.replace(inside[0], "").strip()  # 'a@b <Name>'
        out.append(_Read(Address(name, email), box.has_bare_at))
        return
    bare = phrase.replace("\x00", "").strip()
    if bare.lower().startswith("mailto:"):
        bare = bare[7:]
    comment = _name(" ".join(box.comments))
    if "@" in bare:
        out.append(_bare_address(phrase, bare, comment))
    elif out and not box.comments and out[-1].is_words_only:
        out[-1] = _Read(Address(f"{out[-1].address.name}, {_name(phrase)}"[:1000], ""), is_words_only=True)
    elif bare.lower() in LOCAL_ONLY or (comment and bare and " " not in bare):
        out.append(_Read(Address(comment, _email(bare))))
    elif "=?" in phrase and "@" in (decoded := decode_words(phrase.replace("\x00", ""))):
        out.extend(_mailboxes(decoded.replace("=?", "= ?")))  # the whole mailbox in one encoded word
    elif name := _name(phrase) or comment:
        inside = _ADDRESS_IN_TEXT.search(comment) if comment else None
        out.append(_Read(Address(name, _email(inside[0]) if inside else ""), is_words_only=not comment))


def _bare_address(phrase: str, bare: str, comment: str) -> _Read:
    """'a@b', 'a @ b . c', 'Name a@b', 'a@b Name', 'a@b c@d'."""
    joined = _DOMAIN_SPACES.sub(r"\1", " ".join(bare.split()))
    if not any(character.isspace() for character in joined) or _QUOTED_LOCAL.match(joined):
        return _Read(Address(comment, _email(joined)), names_two=joined.count("@") > 1 and '"' not in joined)
    found = list(_ADDRESS_IN_TEXT.finditer(joined[:4000]))
    if not found:
        word = next((word for word in joined.split() if "@" in word), joined)
        return _Read(Address(comment or _name(phrase.replace(word, " ")), _email(word)))
    name = _name(_ADDRESS_IN_TEXT.sub(" ", joined[:4000]).strip(" '\"")) or comment
    return _Read(Address(name, _email(found[-1][0])), names_two=len({address_key(one[0]) for one in found}) > 1)


def _name(phrase: str) -> str:
    """A display name as people read it."""
    if not phrase.strip():
        return ""
    text = decode_words(phrase.replace("\x00", "")) if "=?" in phrase else phrase.replace("\x00", "")
    text = " ".join(_INVISIBLE.sub("", clean(text)).split())
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1].strip()
    return text.replace('\\"', '"')


def _email(text: str) -> str:
    """An address as written, without white space around its '@' and dots, controls and invisible characters."""
    if "=?" in text:  # forbidden by RFC 2047 5, done all the same
        text = decode_words(text)
    text = _INVISIBLE.sub("", clean(text.replace("\x00", ""))).strip().strip("<>").strip()
    if '"' in text:
        return text
    if "'" in text and text.startswith("'") and text.endswith("'"):
        text = text[1:-1]
    return _DOMAIN_SPACES.sub(r"\1", " ".join(text.split())).strip(" ,;")
