"""Parameters of Content-Type and Content-Disposition (RFC 2045, RFC 2231), as broken as they come. Linear."""

from __future__ import annotations

import re

from caseway.mail import bounds, charset
from caseway.mail.encoded import clean, decode_words

_PIECE = re.compile(r"(?P<name>[^*]+)(?:\*(?P<number>\d{1,4}))?(?P<encoded>\*)?\Z")
_PERCENT = re.compile(rb"%([0-9A-Fa-f]{2})")


def parse(value: str) -> tuple[str, dict[str, str]]:
    """Return (the value before ';' in lower case, parameters by lower-case name, decoded). First of twins wins."""
    head, _, rest = value[: bounds.PARAMETER_CHARACTERS].partition(";")
    main = head.strip().strip("\"'").lower()
    raw: list[tuple[str, str]] = []
    if not rest and "=" in head:  # 'charset=utf-8' alone, or 'text/plain charset=utf-8' without ';'
        main, _, rest = main.partition(" ")
        rest = head.strip()[len(main) :] if main and "=" not in main else head
        main = main if "=" not in main else ""
    position = 0
    while position < len(rest) and len(raw) < bounds.PARAMETERS:
        name, text, position = _next(rest, position)
        if name:
            raw.append((name, text))
    return main, _join(raw)


def _next(text: str, position: int) -> tuple[str, str, int]:
    """(name, value, position after) of the parameter at `position`; name '' for a crumb."""
    equals = text.find("=", position)
    semicolon = text.find(";", position)
    if equals < 0:
        return "", "", len(text)
    if 0 <= semicolon < equals:
        position = text.rfind(";", position, equals) + 1  # crumbs without '=' are passed over in one step
    name = text[position:equals].strip().lower()
    position = equals + 1
    while position < len(text) and text[position] in " \t\r\n":
        position += 1
    if position < len(text) and text[position] == '"':
        return _quoted(text, name, position + 1)
    end = text.find(";", position)
    end = len(text) if end < 0 else end
    bare = text[position:end].strip()
    # QUIRK: "name=file.txt charset=utf-8", the semicolon forgotten. RFC 2045 allows no space in a token,
    # but senders write names with spaces, so only a following known name ends the value.
    cut = re.search(r"\s(?:charset|name|filename|boundary|format|size)\s?=", bare)
    if cut:
        return name, bare[: cut.start()].strip(), position + cut.start()
    return name, bare, end + 1


_STRING = re.compile(r'(?:[^"\\]++|\\.)*+', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def _quoted(text: str, name: str, position: int) -> tuple[str, str, int]:
    """A quoted string that begins at `position`; a missing closing quote ends at the next ';'."""
    out: list[str] = []
    while True:
        found = _STRING.match(text, position)
        quote = found.end() if found else position
        piece = text[position:quote]
        if quote >= len(text) or text[quote] != '"':  # never closed: a ';' would belong to the next parameter
            end = text.find(";", position)
            out.append(_ESCAPED.sub(r"\1", text[position:end] if end >= 0 else piece))
            return name, "".join(out).strip(), end + 1 if end >= 0 else len(text)
        out.append(_ESCAPED.sub(r"\1", piece) if "\\" in piece else piece)
        following = text[quote + 1 : quote + 80].lstrip(" \t\r\n")[:1]
        if following in ("", ";") or name not in ("name", "filename"):
            end = text.find(";", quote)
            return name, "".join(out), end + 1 if end >= 0 else len(text)
        if '"' not in text[quote + 1 : quote + 200]:
            # No further quote: what follows is the next parameter with its ';' forgotten.
            return name, "".join(out), quote + 1
        out.append('"')  # a bare quote inside the name
        position = quote + 1


def _join(raw: list[tuple[str, str]]) -> dict[str, str]:
    """Pieces of RFC 2231 put together in the order of their numbers, decoded once as a whole."""
    plain: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[bool, str]]] = {}
    for name, text in raw:
        found = _PIECE.match(name)
        if found is None or (found["number"] is None and not found["encoded"]):
            plain.setdefault(name, text)
            continue
        number = int(found["number"]) if found["number"] else -1
        pieces.setdefault(found["name"].strip(), {}).setdefault(number, (bool(found["encoded"]), text))
    for name, by_number in pieces.items():
        if -1 in by_number:
            text = _extended([by_number[-1]])
        else:
            text = _extended([by_number[number] for number in sorted(by_number)])
        if text or name not in plain:
            plain[name] = text  # RFC 6266 4.3: the extended form is the better one
    return {name: clean(decode_words(text)) for name, text in plain.items()}


def _extended(pieces: list[tuple[bool, str]]) -> str:
    is_encoded, first = pieces[0]
    name = ""
    if is_encoded and first.count("'") >= 2:
        name, _, first = first.split("'", 2)
    if not any(encoded for encoded, _ in pieces):
        return "".join(text for _, text in pieces)
    content = b"".join(
        _PERCENT.sub(lambda found: bytes((int(found[1], 16),)), text.encode("utf-8", "replace"))
        if encoded or not name
        else text.encode("utf-8", "replace")
        for encoded, text in [(is_encoded, first), *pieces[1:]]
    )
    return charset.decode(content, name)[0]
