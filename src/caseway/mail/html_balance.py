"""HTML written anew so that its structure is bounded and says what it seems to: before the sanitiser, not instead.

Every tag that is opened is closed where its parent closes, no deeper than `DEPTH`, known tags only, attributes quoted,
no comments, no scripts, no style sheets. That takes from a sanitiser built on the HTML standard the inputs on which
the standard itself is quadratic: deep nesting (50,000 elements: 7 s), unclosed formatting tags that every later
paragraph opens again, tags of a hundred thousand attributes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from html import escape, unescape

from caseway.mail.html_scan import TOKENS_LIMIT, VOID, Token, TokenKind, plain_rest, scan

DEPTH = 120
"""Nesting that is kept. Newsletters reach 40; browsers give up at 512."""
KEPT_TAGS = frozenset(
    """a abbr acronym address article aside b bdi bdo big blockquote br caption center cite code dd del
    details dfn div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hgroup hr i img ins kbd li main
    mark nav ol p pre q rp rt ruby s samp section small span strike strong sub summary sup table tbody td tfoot th
    thead time tr tt u ul var wbr""".split()  # noqa: SIM905
)
SHOWN_RAW = frozenset(["textarea", "xmp"])
"""Elements of unparsed content that people see as text."""
INNER_BLOCKS = frozenset(
    """address article aside blockquote center details div dl figure footer h1 h2 h3 h4 h5 h6 header hgroup hr main nav
    ol p pre section table ul""".split()  # noqa: SIM905
)
"""What ends an open paragraph (HTML 13.2.6.4.7)."""
CLOSES = {
    "li": frozenset(["li"]),
    "dt": frozenset(["dt", "dd"]),
    "dd": frozenset(["dt", "dd"]),
    "tr": frozenset(["tr", "td", "th"]),
    "td": frozenset(["td", "th"]),
    "th": frozenset(["td", "th"]),
    "thead": frozenset(["thead", "tbody", "tfoot", "tr", "td", "th"]),
    "tbody": frozenset(["thead", "tbody", "tfoot", "tr", "td", "th"]),
    "tfoot": frozenset(["thead", "tbody", "tfoot", "tr", "td", "th"]),
    "caption": frozenset(["caption", "thead", "tbody", "tfoot", "tr", "td", "th"]),
    "a": frozenset(["a"]),
}
TABLE = frozenset(["table"])
WALLS = frozenset(["table", "td", "th", "caption"])
TABLE_PARTS = frozenset(
    [
        "table",
        "thead",
        "tbody",
        "tfoot",
        "tr",
        "td",
        "th",
        "caption",
    ]
)
TABLE_GAPS = frozenset((name, True) for name in ["table", "thead", "tbody", "tfoot", "tr"])
"""Written elements that hold no text themselves."""
LISTS = frozenset(["ul", "ol", "dl"])
LOOK_BACK = 30
"""Open elements that are searched for one that an opening tag closes."""


HELD = {"&": "\ufdd0", "<": "\ufdd1", ">": "\ufdd2"}
"""Stand in for the three characters on their way through the sanitiser, which is quadratic in their escapes: a million
took it 20 s. Unicode keeps these code points for such inner use (noncharacters)."""
HOLD = str.maketrans({**HELD, **dict.fromkeys("\0\ufdd0\ufdd1\ufdd2")})
RELEASE = {held: escape(character) for character, held in HELD.items()}


Decide = Callable[[str, str, str], str | None]
"""(tag, attribute, value) → the value to write, or None to leave it out."""


def balance(html: str, decide: Decide) -> str:
    """`html` with a bounded, closed structure. `release` has to be called on what the sanitiser makes of it.

    Text stays as it was; `decide` is asked about each attribute of the tags that are kept, once, in order.
    """
    writer = _Balancer(decide)
    for number, token in enumerate(scan(html)):
        if number >= TOKENS_LIMIT:
            writer.text(plain_rest(html, token.start))
            break
        match token.kind:
            case TokenKind.TEXT:
                writer.text(html[token.start : token.end])
            case TokenKind.RAW if token.name in SHOWN_RAW:
                writer.text(html[token.start : token.end])
            case TokenKind.START if token.name in KEPT_TAGS:
                writer.open(token)
            case TokenKind.END if token.name in KEPT_TAGS:
                writer.close(token.name)
            case _:
                pass
    return writer.finished()


def release(html: str) -> str:
    """Put the held characters back, escaped: whatever the place, they are text."""
    for held, escaped in RELEASE.items():
        html = html.replace(held, escaped)
    return html


class _Balancer:
    def __init__(self, decide: Decide) -> None:
        self.decide = decide
        self.written: list[str] = []
        self.stack: list[tuple[str, bool]] = []
        """(name, whether its tag was written), outermost first."""
        self.open_names: Counter[str] = Counter()
        self.written_depth = 0

    def text(self, text: str) -> None:
        if not text.isspace():
            self._open_cell()
        text = unescape(text).translate(HOLD)
        if self.written and self.written[-1].startswith("<pre"):
            text = text.lstrip("\r\n")  # a parser drops the first line end of these (HTML 13.2.6.4.7), each time
        if text:
            self.written.append(text)

    def open(self, token: Token) -> None:
        name = token.name
        if name in TABLE_PARTS and name != "table" and not self.open_names["table"]:
            return  # a cell without a table is none
        if name in INNER_BLOCKS:
            self._close_implied(frozenset(["p"]), WALLS)
        if name in CLOSES:
            self._close_implied(CLOSES[name], _walls_of(name))
        if name == "table" or name not in TABLE_PARTS:
            self._open_cell()
        if name in VOID:
            self.written.append(self._tag(token))
            return
        is_written = self.written_depth < DEPTH
        if is_written:
            self.written.append(self._tag(token))
            self.written_depth += 1
        self.stack.append((name, is_written))
        self.open_names[name] += 1

    def _tag(self, token: Token) -> str:
        if not token.attributes and token.name != "a":
            return f"<{token.name}>"
        decided = ((name, self.decide(token.name, name, value)) for name, value in _attributes(token).items())
        written = "".join(f' {name}="{escape(value)}"' for name, value in decided if value is not None)
        return f"<{token.name}{written}>"

    def _open_cell(self) -> None:
        """Open a cell for what stands between the cells of a table: a browser would move it out, in front of all."""
        if self.stack and self.stack[-1] in TABLE_GAPS:
            self.written.append("<td>")
            self.stack.append(("td", True))
            self.open_names["td"] += 1
            self.written_depth += 1

    def close(self, name: str) -> None:
        if name in VOID or not self.open_names[name]:
            return
        walls = WALLS if name not in TABLE_PARTS else frozenset() if name == "table" else TABLE
        for index in range(len(self.stack) - 1, max(len(self.stack) - 1 - 2 * DEPTH, -1), -1):
            open_name = self.stack[index][0]
            if open_name == name:
                self._pop_to(index)
                return
            if open_name in walls:
                return

    def finished(self) -> str:
        self._pop_to(0)
        return "".join(self.written)

    def _close_implied(self, names: frozenset[str], walls: frozenset[str]) -> None:
        """Close the outermost of `names` that is open within the nearest wall."""
        if not any(self.open_names[name] for name in names):
            return
        found = -1
        for index in range(len(self.stack) - 1, max(len(self.stack) - 1 - LOOK_BACK, -1), -1):
            if self.stack[index][0] in walls:
                break
            if self.stack[index][0] in names:
                found = index
        if found >= 0:
            self._pop_to(found)

    def _pop_to(self, index: int) -> None:
        while len(self.stack) > index:
            name, is_written = self.stack.pop()
            self.open_names[name] -= 1
            if is_written:
                self.written.append(f"</{name}>")
                self.written_depth -= 1


def _walls_of(name: str) -> frozenset[str]:
    """Within which open element an opening `name` may close others."""
    if name in TABLE_PARTS:
        return TABLE
    return WALLS if name == "a" else WALLS | LISTS


def _attributes(token: Token) -> dict[str, str]:
    attributes = dict(token.attributes)
    if token.name == "a":
        attributes["target"] = "_blank"
    if token.name == "img" and not attributes.get("src", "").strip() and "srcset" in attributes:
        attributes["src"] = (attributes["srcset"].split() or [""])[0].rstrip(",")
    return attributes
