"""Named places where a process can be made to die, so that tests can kill it between any two steps.

Nothing happens unless CASEWAY_CRASH_AT names a place: `keep:uncommitted` (kill -9 when it is reached),
`send:claimed#3` (the third time), `keep:committed=STOP` (SIGSTOP instead: a process that pauses and wakes up late).
The places are listed in POINTS in the order in which a mail meets them.
"""

from __future__ import annotations

import os
import signal
import threading
from typing import Final

WATCH_POINTS: Final = (
    "fetch:received",  # the server handed the bytes over, nothing is kept
    "keep:stored",  # a large mail's file is written, its row is not
    "keep:uncommitted",  # raw bytes, ledger row and cursor written, not committed
    "keep:committed",
    "mark:before",  # kept; the original is not yet marked, moved or deleted
    "mark:after",
)
WORKER_POINTS: Final = (
    "process:claimed",
    "process:read",
    "acknowledge:queued",  # case, message and acknowledgement written, not committed
    "process:uncommitted",  # the ledger says so too
    "process:committed",
    "send:claimed",
    "send:connected",
    "send:announced",  # the server took the recipients
    "send:handing-over",  # the text is there but for the last dot, and it is written down that the dot follows
    "send:handed-over",  # the last dot is out, the answer is not here
    "send:answered",  # the server's word is here and not written down
    "send:recorded",
)
POINTS: Final = WATCH_POINTS + WORKER_POINTS


def reach(point: str) -> None:
    """Tell that `point` is reached; dies there when the environment says so."""
    if _armed is not None and point == _armed.point:
        _armed.reach()


class _Armed:
    def __init__(self, text: str) -> None:
        text, _, name = text.partition("=")
        self.point, _, times = text.partition("#")
        if self.point not in POINTS:
            raise ValueError(f"CASEWAY_CRASH_AT: there is no “{self.point}”; there are {', '.join(POINTS)}")
        self._signal = signal.Signals[f"SIG{name or 'KILL'}"]
        self._left = int(times or 1)
        self._lock = threading.Lock()

    def reach(self) -> None:
        with self._lock:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), self._signal)


_text = os.environ.get("CASEWAY_CRASH_AT", "")
_armed = _Armed(_text) if _text else None
