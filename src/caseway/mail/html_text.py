"""HTML as plain text that reads well: paragraphs, lists, tables, links, quotations marked with '>'.

One pass over tokens with a bounded stack: linear time, whatever the nesting. On the way it notes where each line came
from and what the marks of mail programs say of it; `quote_html` takes quotations apart by that.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import unescape

from caseway.mail.html_scan import TOKENS_LIMIT, Token, TokenKind, plain_rest, scan
from caseway.mail.quote_html_marks import is_signature, quote_mark

PARAGRAPHS = frozenset(
    ["p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "pre", "blockquote", "table", "figure"]
)
"""Blocks with a blank line around them."""
BLOCKS = PARAGRAPHS | frozenset(
    """address article aside body center dd details dir div dt fieldset figcaption footer form header html legend li
    main nav section summary tr caption thead tbody tfoot option""".split()  # noqa: SIM905
)
UNSEEN = frozenset(["script", "style", "title", "head", "template", "noframes", "iframe", "noembed", "xmp"])
LISTS_LIMIT = 50
"""Nesting of lists and quotations that is kept track of; below it the text goes on flat."""
RULE = "-" * 30


INDENTED = "margin:00040px;border:none"
"""How the editor of Gmail indents: a blockquote that quotes nobody (style without spaces)."""


@dataclass(frozen=True, slots=True)
class TextLine:
    """One line of the text of an HTML page."""

    text: str
    offset: int
    """Where in the source the first tag or text of the line begins."""
    mark: str = ""
    """What the mail program says begins here: 'introduction' or 'quoted' (`quote_html_marks`), '' nothing."""
    is_signature: bool = False
    """Within an element that a mail program marks as signature."""


def html_to_text(html: str) -> str:
    """The readable text of `html`, lines joined by LF, no blank lines at the ends. Never raises; linear."""
    return "\n".join(line.text for line in text_lines(html))


def text_lines(html: str) -> list[TextLine]:
    """The lines of `html_to_text`, each with its place in the source."""
    writer = _Writer()
    for number, token in enumerate(scan(html)):
        kind = token.kind
        writer.offset = token.start
        if number >= TOKENS_LIMIT:
            writer.text(plain_rest(html, token.start))
            break
        if kind is TokenKind.TEXT or (kind is TokenKind.RAW and token.name == "textarea"):
            writer.text(unescape(html[token.start : token.end]))
        elif kind is TokenKind.START:
            writer.opened(token)
        elif kind is TokenKind.END:
            writer.closed(token.name)
    return writer.finished()


class _Writer:
    """Collects lines; decides on white space between them."""

    def __init__(self) -> None:
        self.lines: list[TextLine] = []
        self.line: list[str] = []
        self.blank_due = False
        self.space_due = False
        self.pre_depth = 0
        self.quote_depth = self.last_depth = 0
        self.quotes: list[bool] = []
        """One entry an open blockquote: whether it quotes."""
        self.lists: list[int] = []
        """One entry a list: -1 for bullets, else the number of its next item."""
        self.link = ""
        self.link_text: list[str] = []
        self.offset = 0
        self.gap_offset = -1
        """Of the first tag opened since the last text; -1 none."""
        self.line_offset = 0
        self.mark = self.line_mark = ""
        self.signature = ""
        """Name of the element that is a signature, and how deep we are in elements of that name."""
        self.signature_depth = 0

    def text(self, text: str) -> None:
        if self.pre_depth:
            first, *others = text.replace("\r\n", "\n").split("\n")
            self._put(first)
            for other in others:
                self._break()
                self._put(other)
            return
        # A non-breaking space is a space that is kept; every other white space is one.
        words = text.replace("\u00a0", "\x00").split()
        if not words:
            self.space_due = self.space_due or bool(text)
            return
        if text[0].isspace() and text[0] != "\u00a0":
            self.space_due = True
        self._put(" ".join(words).replace("\x00", " "))
        self.space_due = text[-1].isspace() and text[-1] != "\u00a0"

    def opened(self, token: Token) -> None:
        name = token.name
        if self.gap_offset < 0:
            self.gap_offset = token.start
        if token.attributes:
            self._note_marks(token)
        elif name == self.signature:
            self.signature_depth += 1
        if name == "br":
            self._break()
        elif name == "hr":
            self._block(is_paragraph=False)
            self._put(RULE)
            self._block(is_paragraph=False)
        elif name == "img":
            self._image(token)
        elif name in {"td", "th"}:
            if self.line:
                self.space_due = True
        elif name == "a":
            self.link, self.link_text = token.attribute("href").strip(), []
        elif name in BLOCKS:
            self._block(is_paragraph=name in PARAGRAPHS and not (name in {"ul", "ol"} and self.lists))
            self._enter(name, token)

    def _note_marks(self, token: Token) -> None:
        if token.name == self.signature:
            self.signature_depth += 1
        elif not self.signature and is_signature(token):
            self.signature, self.signature_depth = token.name, 1
        # The outermost mark stands: within a quotation there are more.
        self.mark = self.mark or quote_mark(token)

    def _enter(self, name: str, token: Token) -> None:
        if name == "pre":
            self.pre_depth += 1
        elif name == "blockquote" and len(self.quotes) < LISTS_LIMIT:
            self.quotes.append(INDENTED not in token.attribute("style").replace(" ", ""))
            self.quote_depth += self.quotes[-1]
        elif name in {"ul", "ol"} and len(self.lists) < LISTS_LIMIT:
            self.lists.append(-1 if name == "ul" else 1)
        elif name == "li":
            self._put(self._bullet())
            self.space_due = True

    def closed(self, name: str) -> None:
        if name == self.signature:
            self._leave_signature()
        if name == "a":
            self._link_target()
        elif name in BLOCKS:
            self._block(is_paragraph=name in PARAGRAPHS and not (name in {"ul", "ol"} and len(self.lists) > 1))
            if name == "pre":
                self.pre_depth = max(self.pre_depth - 1, 0)
            elif name == "blockquote" and self.quotes:
                self.quote_depth -= self.quotes.pop()
            elif name in {"ul", "ol"} and self.lists:
                self.lists.pop()

    def _leave_signature(self) -> None:
        self.signature_depth -= 1
        if self.signature_depth == 0:
            if self.line and self.signature in BLOCKS:
                self._break()
            self.signature = ""

    def finished(self) -> list[TextLine]:
        self._break()
        while self.lines and not self.lines[-1].text.strip("> "):
            self.lines.pop()
        return self.lines

    def _bullet(self) -> str:
        if not self.lists:
            return "-"
        indent = "  " * (len(self.lists) - 1)
        if self.lists[-1] < 0:
            return f"{indent}-"
        self.lists[-1] += 1
        return f"{indent}{self.lists[-1] - 1}."

    def _image(self, token: Token) -> None:
        if alternative := " ".join(token.attribute("alt").split()):
            self.text(f"[{alternative[:200]}]")

    def _link_target(self) -> None:
        """' <https://…>' behind a link whose text does not say where it leads."""
        target, shown = self.link, "".join(self.link_text).strip()
        self.link, self.link_text = "", []
        if not target.lower().startswith(("http://", "https://")) or not shown:
            return
        bare = target.split("://", 1)[1].rstrip("/")
        if shown.rstrip("/").split("://")[-1] != bare and len(target) <= 500:
            self._put(f" <{target}>")

    def _put(self, text: str) -> None:
        if not text:
            return
        if self.space_due and self.line and not text[0].isspace() and not self.line[-1][-1:].isspace():
            text = f" {text}"
        if not self.line:
            self.line_offset = self.offset if self.gap_offset < 0 else self.gap_offset
            self.line_mark, self.mark = self.mark, ""
        self.gap_offset = -1
        self.space_due = False
        self.line.append(text)
        if self.link:
            self.link_text.append(text)

    def _break(self) -> None:
        """End the line, also an empty one."""
        line = "".join(self.line).rstrip()
        self.line, self.space_due = [], False
        if self.blank_due and self.lines and line:
            self._append("", self.line_offset)
        if line:
            self.blank_due = False
            self._append(line, self.line_offset, self.line_mark)
        elif self.lines and not self.blank_due:
            self._append("", self.offset)

    def _append(self, line: str, offset: int, mark: str = "") -> None:
        # A blank line between two quotations belongs to the outer one.
        marks = ">" * (self.quote_depth if line else min(self.quote_depth, self.last_depth))
        self.last_depth = self.quote_depth
        text = f"{marks} {line}".rstrip() if marks else line
        self.lines.append(TextLine(text, offset, mark, bool(self.signature)))

    def _block(self, *, is_paragraph: bool) -> None:
        """End the line if there is one; a blank line before the next when a paragraph ends or begins."""
        if self.line:
            self._break()
        self.space_due = False
        if is_paragraph and self.lines:
            self.blank_due = True
