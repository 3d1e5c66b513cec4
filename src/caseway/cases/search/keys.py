"""The key of a page of hits: which window of messages it is in, and behind which place of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Key:
    """`upto`: moment and id that the window's messages come before; `position`: score and case of the last hit."""

    upto: tuple[datetime, int] | None = None
    position: tuple[float, int] | None = None
    is_by_case: bool = False
    """Not by windows of messages: `upto` is a case, by its latest change."""
    is_mistyped: bool = False

    def write(self) -> str:
        flags = ("c" if self.is_by_case else "") + ("m" if self.is_mistyped else "")
        moment, last = self.upto or (_EPOCH, 0)
        score, case = self.position or (-1.0, 0)
        return "_".join([flags, str((moment - _EPOCH) // timedelta(microseconds=1)), str(last), repr(score), str(case)])

    @classmethod
    def read(cls, text: str) -> Key:
        """What `write` wrote; for anything else the beginning."""
        try:
            flags, moment, last, score, case = text[:200].split("_")
            upto = (_EPOCH + timedelta(microseconds=int(moment)), int(last))
            position = (float(score), int(case))
            if abs(upto[1]) >= 2**63 or abs(position[1]) >= 2**63:
                return cls()
        except (ValueError, OverflowError):
            return cls()
        return cls(upto, position if position[0] >= 0 else None, "c" in flags, "m" in flags)
