"""The MIME tree: one pass over the bytes with a stack of open multiparts; no recursion, no second copy.

Delimiters are found by one pattern over all open boundaries, so every byte is looked at a fixed number of
times whatever the nesting. Source of the grammar: RFC 2046 5.1; of the forgiveness: real mail.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from caseway.mail import bounds, headers, parameters, transfer

_BOUNDARY_GUESS = re.compile(rb"\n--([^\r\n]{1,200})\r?\n(?=[Cc][Oo][Nn][Tt][Ee][Nn][Tt]-[A-Za-z-]{2,40}:)")
_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,100}/[a-z0-9!#$&^_.+-]{1,100}\Z")


@dataclass(slots=True)
class Node:
    """One entity: a leaf with raw content between `start` and `end` of `buffer`, or a multipart with children."""

    buffer: bytes
    block: headers.HeaderBlock
    content_type: str
    parameters: dict[str, str]
    disposition: str
    name: str
    """As the sender wrote it, decoded; '' without one."""
    content_id: str
    encoding: str
    start: int
    end: int
    children: list[Node] = field(default_factory=list)
    boundary: bytes = b""

    @property
    def is_multipart(self) -> bool:
        return bool(self.children)

    def content(self, defects: list[str]) -> bytes:
        """The leaf's bytes, transfer encoding undone."""
        return transfer.decoded(self.buffer[self.start : self.end], self.encoding, defects)

    def size_if_large(self) -> int:
        """Bytes of a file that is too large to be decoded for its size alone; 0 for all others.

        Counted without a copy, and exact for base64 as programs write it.
        """
        if self.end - self.start <= bounds.FILE_BYTES or not transfer.is_base64(self.encoding):
            return 0
        filling = sum(self.buffer.count(mark, self.start, self.end) for mark in (b"\r", b"\n", b"="))
        return (self.end - self.start - filling) * 3 // 4


def read(buffer: bytes, defects: list[str], block: headers.HeaderBlock | None = None) -> Node:
    """Tree of the message or entity in `buffer`, which must begin with a line end (so that '\\n--' finds all)."""
    return _Walk(buffer, defects).run(block)


class _Walk:
    def __init__(self, buffer: bytes, defects: list[str]) -> None:
        self.buffer = buffer
        self.defects = defects
        self.open: list[Node] = []
        self.leaf: Node | None = None
        self.leaves = 0
        self.header_bytes = 0
        self.pattern: re.Pattern[bytes] | None = None

    def run(self, block: headers.HeaderBlock | None) -> Node:
        root = self._enter(1, None, block)
        position = max(root.start - 1, 0)  # the line end before a body's first line belongs to the delimiter
        while self.pattern is not None:
            found = self.pattern.search(self.buffer, position)
            if found is None:
                self.defects.append("multipart without its closing boundary")
                break
            level = self._level(found[1])
            self._close_leaf(found.start())
            parent = self.open[level]
            self._pop_to(level + (0 if found[2] else 1), found.start())
            if found[2]:
                position = found.end()
                continue
            if self.leaves >= bounds.PARTS or self.header_bytes > bounds.PART_HEADER_BYTES:
                self.defects.append("too many parts: the rest is only in the original message")
                break
            line_end = self.buffer.find(b"\n", found.end())
            begin = line_end + 1 if line_end >= 0 else len(self.buffer)
            child = self._enter(begin, parent, None)
            parent.children.append(child)
            position = max(child.start - 1, 0)
        self._close_leaf(len(self.buffer))
        while self.open:
            _demote_if_empty(self.open.pop(), len(self.buffer))
        return root

    def _enter(self, start: int, parent: Node | None, block: headers.HeaderBlock | None) -> Node:
        """Read the headers of an entity and open it as a multipart or as the current leaf."""
        if block is None:
            limit = len(self.buffer)
            if self.pattern is not None:  # headers must not run over the next delimiter
                found = self.pattern.search(self.buffer, start - 1, start + bounds.HEADER_BLOCK_BYTES)
                limit = found.start() + 1 if found else limit
            block = headers.split(self.buffer, start, limit, is_message=False)
            self.defects.extend(block.defects)
            self.header_bytes += block.body - start
        node = make_node(self.buffer, block, parent)
        if node.content_type.startswith("multipart/") and self._open_multipart(node):
            return node
        self.leaf = node
        self.leaves += 1
        return node

    def _open_multipart(self, node: Node) -> bool:
        if len(self.open) >= bounds.DEPTH:
            self.defects.append("nested too deep: the inner parts are one attachment")
            node.content_type = "application/octet-stream"
            return False
        boundary = node.parameters.get("boundary", "").rstrip().encode("utf-8", "surrogateescape")
        search_from = node.start - 1
        if not boundary or (not self.open and not self._occurs(boundary, search_from)):
            guess = _BOUNDARY_GUESS.search(self.buffer, search_from)
            if guess is None or any(guess[1].rstrip() in (one.boundary, one.boundary + b"--") for one in self.open):
                self.defects.append("multipart without a boundary" if not boundary else "boundary never occurs")
                node.content_type = "text/plain"
                return False
            self.defects.append("boundary declared wrongly, found by its look")
            boundary = guess[1].rstrip()
        node.boundary = boundary
        node.encoding = ""
        self.open.append(node)
        self._compile()
        return True

    def _occurs(self, boundary: bytes, position: int) -> bool:
        return self.buffer.find(b"\n--" + boundary, position) >= 0

    def _compile(self) -> None:
        names = sorted({re.escape(one.boundary) for one in self.open}, key=len, reverse=True)
        self.pattern = re.compile(rb"\n--(" + b"|".join(names) + rb")(--)?[ \t]*(?=\r?\n|\r?\Z)") if names else None

    def _level(self, boundary: bytes) -> int:
        """The innermost open multipart with this boundary."""
        return next(level for level in range(len(self.open) - 1, -1, -1) if self.open[level].boundary == boundary)

    def _close_leaf(self, end: int) -> None:
        if self.leaf is not None:
            if end > 0 and self.buffer[end - 1 : end] == b"\r":
                end -= 1
            self.leaf.end = max(end, self.leaf.start)
            self.leaf = None

    def _pop_to(self, length: int, end: int) -> None:
        if len(self.open) > length:
            while len(self.open) > length:
                _demote_if_empty(self.open.pop(), end)
            self._compile()


def _demote_if_empty(node: Node, end: int) -> None:
    """A multipart without a single part is what it looks like: text, or nothing."""
    if not node.children:
        node.content_type = "text/plain"
        node.end = max(node.start, end)


def make_node(buffer: bytes, block: headers.HeaderBlock, parent: Node | None) -> Node:
    """The entity's description from its headers. Only Content-* headers of a part count."""
    raw_type = block.text("content-type")
    main, values = parameters.parse(raw_type) if raw_type else ("", {})
    if not _TYPE.match(main):
        main = _repaired_type(main, parent)
    raw_disposition = block.text("content-disposition")
    disposition, disposition_values = parameters.parse(raw_disposition) if raw_disposition else ("", {})
    name = disposition_values.get("filename") or values.get("name") or ""
    if disposition not in ("inline", "attachment"):  # RFC 2183 2.8: unknown is attachment
        disposition = "attachment" if disposition and raw_disposition.strip() and disposition_values else ""
    content_id = block.decoded("content-id").strip("<> ")
    encoding = block.text("content-transfer-encoding").partition(";")[0].strip().strip("\"'").lower()
    return Node(buffer, block, main, values, disposition, name.strip(), content_id, encoding, block.body, len(buffer))


def _repaired_type(main: str, parent: Node | None) -> str:
    if not main:
        return "message/rfc822" if parent is not None and parent.content_type == "multipart/digest" else "text/plain"
    compact = main.replace(" ", "").partition(",")[0]
    if _TYPE.match(compact):
        return compact
    if compact in ("text", "plain"):  # RFC 1049 style 'text', seen from scripts
        return "text/plain"
    if compact == "html":
        return "text/html"
    # Letters of another alphabet in the type: damage on the way, and most of what is sent is text.
    return "application/octet-stream" if "/" in compact and compact.isascii() else "text/plain"
