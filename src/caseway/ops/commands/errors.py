"""Failures that are expected: they reach the person as a sentence, not as a traceback."""

from __future__ import annotations


class CommandError(Exception):
    """`cause` says what is wrong, `fix` what to do about it; `code` is the exit code (sysexits.h for piped mail)."""

    def __init__(self, cause: str, fix: str = "", code: int = 1) -> None:
        self.cause, self.fix, self.code = cause, fix, code
        super().__init__(f"{cause}\n{fix}".strip())
