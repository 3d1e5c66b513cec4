"""Plain text as format=flowed (RFC 3676): readable in old clients, rewrapped to the window in those that know it."""

from __future__ import annotations

WIDTH = 72
"""Characters of a line with its last space: RFC 3676 4.2 allows 78, quoted-printable writes that space as three."""


def flow(text: str) -> str:
    """`text` with long lines broken at spaces, each broken line ending in a space, lines joined by LF.

    What is quoted with '>' stays quoted on every line. A word longer than a line (a link) stays whole.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(flowed for line in lines for flowed in _flow_line(line))


def unflow(text: str, *, deletes_space: bool = False) -> str:
    """Each paragraph on one line again, as whoever wrote it had it (RFC 3676 4.1, 4.5); lines are joined by LF.

    `deletes_space`: the last space of a line was put there for the transport (DelSp=yes, used where words are not
    separated by spaces). What is quoted gets one space after its '>'.
    """
    paragraphs: list[list[str]] = []
    depth_before, is_open = 0, False
    for line in text.replace("\r\n", "\n").split("\n"):
        content = line.lstrip(">")
        depth = len(line) - len(content)
        content = content.removeprefix(" ")
        is_signature = content == "-- "
        is_soft = content.endswith(" ") and not is_signature
        shown = content[:-1] if is_soft and deletes_space else content
        if is_open and depth == depth_before and not is_signature:
            paragraphs[-1].append(shown)
        else:
            paragraphs.append([f"{'>' * depth} {shown}" if depth else shown])
        is_open, depth_before = is_soft, depth
    lines = ("".join(pieces) for pieces in paragraphs)
    return "\n".join(line if line.endswith("-- ") else line.rstrip(" ") for line in lines)


def _flow_line(line: str) -> list[str]:
    if line == "-- ":
        return [line]
    depth, content = _quote_depth(line)
    content = content.rstrip(" ")
    prefix = ">" * depth
    pieces = _break(content, max(WIDTH - depth - 1, 20))
    return [f"{prefix}{_stuffed(piece, depth)}" for piece in pieces]


def _stuffed(piece: str, depth: int) -> str:
    """A line that starts with a space or '>' would read as something else without one more space (RFC 3676 4.4)."""
    return f" {piece}" if (depth and piece) or piece.startswith((" ", ">")) else piece


def _quote_depth(line: str) -> tuple[int, str]:
    """The number of '>' in front, those with a space between them too, and what follows."""
    depth = position = 0
    while position < len(line) and line[position] == ">":
        depth += 1
        position += 2 if line[position + 1 : position + 3] == " >" else 1
    return depth, line[position:].removeprefix(" ") if depth else line


def _break(content: str, room: int) -> list[str]:
    pieces: list[str] = []
    start = 0
    while len(content) - start > room:
        cut = content.rfind(" ", start + 1, start + room)
        if cut < 0:
            cut = content.find(" ", start + room)
        if cut < 0:
            break
        pieces.append(content[start : cut + 1])
        start = cut + 1
    pieces.append(content[start:])
    return pieces
