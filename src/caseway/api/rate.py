"""A brake for runaway scripts: so many requests a minute for one token, counted in this process alone."""

from __future__ import annotations

import math
import time
from threading import Lock

from caseway.api.problems import TOO_MANY, ProblemError

REQUESTS_PER_MINUTE = 1200
"""Per token and web process. A page's worth of work never comes near it; an endless loop does in seconds."""

_lock = Lock()
_windows: dict[int, tuple[int, int]] = {}
"""Token → (minute, requests in it). Holds this minute's callers only."""


def count(token: int) -> None:
    """Count one request of the token; raises ProblemError (429) when the minute's are used up."""
    now = time.time()
    minute = int(now // 60)
    with _lock:
        if len(_windows) > 10_000:
            _forget_before(minute)
        started, requests = _windows.get(token, (minute, 0))
        requests = requests + 1 if started == minute else 1
        _windows[token] = (minute, requests)
    if requests > REQUESTS_PER_MINUTE:
        seconds = math.ceil((minute + 1) * 60 - now)
        raise ProblemError(
            TOO_MANY,
            f"A token makes at most {REQUESTS_PER_MINUTE} requests a minute. Try again in {seconds} s.",
            headers={"Retry-After": str(seconds)},
        )


def forget() -> None:
    """Start counting anew."""
    with _lock:
        _windows.clear()


def _forget_before(minute: int) -> None:
    for token, (started, _) in list(_windows.items()):
        if started < minute:
            del _windows[token]
