"""What customers write while everything breaks: questions, additions to them, and the same mail twice."""

from __future__ import annotations

import base64
import random
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import formatdate

LARGE = 500_000  # bytes of a file that does not compress: it lies in a file, not in its row


@dataclass(frozen=True, slots=True)
class Letter:
    to: str
    raw: bytes
    is_question: bool
    """Makes a case of its own; else it joins one or repeats one."""


class Letters:
    """An endless, reproducible stream: 3 in 4 are questions, 1 in 5 adds to one, 1 in 20 repeats one."""

    def __init__(self, users: list[str], senders: list[str], dice: random.Random) -> None:
        self._users, self._senders, self._dice = users, senders, dice
        self._questions: list[tuple[str, str, str, bytes]] = []

    def __iter__(self) -> Iterator[Letter]:
        number = 0
        while True:
            number += 1
            yield self._letter(number)

    def _letter(self, number: int) -> Letter:
        kind = self._dice.random()
        if self._questions and kind < 0.05:
            _, _, to, raw = self._dice.choice(self._questions[-50:])
            return Letter(to, raw, is_question=False)
        if self._questions and kind < 0.25:
            identifier, sender, to, _ = self._dice.choice(self._questions[-50:])
            return Letter(to, self._compose(number, sender, to, answers=identifier), is_question=False)
        sender = self._senders[number % len(self._senders)]
        to = self._users[number % len(self._users)]
        raw = self._compose(number, sender, to)
        self._questions.append((_identifier(number), sender, to, raw))
        return Letter(to, raw, is_question=True)

    def _compose(self, number: int, sender: str, to: str, answers: str = "") -> bytes:
        lines = [
            f"From: {sender}", f"To: {to}", f"Subject: {'Re: ' if answers else ''}Matter {number}",
            f"Date: {formatdate()}", f"Message-ID: <{_identifier(number)}>",
        ]  # fmt: skip
        if answers:
            lines.append(f"In-Reply-To: <{answers}>")
        text = f"Hello,\r\n\r\nthis is letter {number}.\r\n" + "It says more than is needed. " * self._dice.randrange(
            40
        )
        if number % 12 != 5:
            return ("\r\n".join([*lines, "", text]) + "\r\n").encode()
        file = base64.encodebytes(self._dice.randbytes(LARGE)).replace(b"\n", b"\r\n").decode()
        lines += ["MIME-Version: 1.0", 'Content-Type: multipart/mixed; boundary="edge"', "", "--edge", "", text]
        lines += ["--edge", "Content-Type: application/octet-stream", "Content-Transfer-Encoding: base64"]
        lines += ['Content-Disposition: attachment; filename="file.bin"', "", file, "--edge--", ""]
        return "\r\n".join(lines).encode()


def _identifier(number: int) -> str:
    return f"letter-{number}@customers.example"


def senders(count: int) -> list[str]:
    """Addresses of people who are contacts already: acknowledgements to them are limited by address alone."""
    return [f"person{number}@customers.example" for number in range(count)]
