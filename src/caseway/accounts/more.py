"""More is due than one thread takes: whoever finds that while it works says so, and one more is woken."""

from __future__ import annotations

import threading
from collections.abc import Callable

_here = threading.local()


def heard_by(wake: Callable[[], object]) -> None:
    """From now on `there_is_more`, said in this thread, calls `wake`."""
    _here.wake = wake


def there_is_more() -> None:
    """Somebody else could begin too."""
    wake: Callable[[], object] | None = getattr(_here, "wake", None)
    if wake is not None:
        wake()
