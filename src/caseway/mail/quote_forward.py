"""Who wrote what a colleague forwards: when an employee sends a customer's mail on, the customer is the sender."""

from __future__ import annotations

import re

from caseway.mail.address import parse_addresses
from caseway.mail.model import Address, ParsedEmail
from caseway.mail.quote_headers import bare, header_block_at, is_quoted, label, separator

LINES_LIMIT = 2_000
"""Lines in which the forwarded header is looked for."""
ADDRESS = re.compile(r"""[^\s@<>\[\]()"',;:]{1,64}@[^\s@<>\[\]()"',;:]{1,255}""")
FORWARD_MARKS = frozenset(
    """fw fwd wg tr rv enc i vb vs doorst fs pd vl trans továbbítás yml ilt προωθ rif перес пересл hal переслати
    转发 轉寄 転送""".split()  # noqa: SIM905
)
"""What mail programs put before the subject of a forwarded message."""


def is_forward(subject: str) -> bool:
    """Whether the outermost mark of the subject says that the message was forwarded."""
    mark, colon, _ = subject[:40].replace("：", ":").strip().partition(":")
    return bool(colon) and mark.strip().casefold() in FORWARD_MARKS


def forwarded_sender(email: ParsedEmail) -> Address | None:
    """The mailbox that the first forwarded header block in the text names as its sender; None when it names none.

    The block counts when the subject or a line above it says 'forwarded'. Anybody can write such a block: trust it only
    from an employee.
    """
    raw = email.text.split("\n", LINES_LIMIT)[:LINES_LIMIT]
    lines = [bare(line).lstrip("> ") if is_quoted(bare(line)) else bare(line) for line in raw]
    labels = [label(line) for line in lines]
    is_announced = is_forward(email.subject)
    for index, line in enumerate(lines):
        is_announced = is_announced or separator(line) == "forward"
        if is_announced and labels[index]:
            end, fields = header_block_at(lines, labels, index)
            if "from" in fields:
                return _sender_in(lines[index:end], labels[index:end])
    return None


def _sender_in(lines: list[str], labels: list[str]) -> Address | None:
    start = labels.index("from")
    value = lines[start].replace("：", ":", 1).partition(":")[2][:1_000].replace("*", "").strip()
    if start + 1 < len(lines) and not labels[start + 1] and "@" not in value:
        value = f"{value} {lines[start + 1][:1_000]}"  # wrapped before the address
    found = ADDRESS.search(value.removeprefix("mailto:").replace("mailto:", " "))
    if found is None:
        return None
    read = [address for address in parse_addresses([value]) if "@" in address.email]
    name = read[0].name if read else ""
    if not name or "@" in name:
        name = value[: value.find(found.group())].replace("mailto:", "").strip(" <[(\"'*")
    return Address(" ".join(name.split())[:200], found.group().rstrip(".*"))
