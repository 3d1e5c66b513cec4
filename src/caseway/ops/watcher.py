"""The watcher process: holds the connections to the mailboxes and hands what arrives to intake."""

from __future__ import annotations

import os
import socket
import threading

from caseway.ops.worker import keep_beating


def watch(stop: threading.Event) -> None:
    """Watch every active mailbox that no other process watches, until `stop` is set.

    The mailboxes room may not import intake and outbound, which lie above it; so the functions that take mail and
    tell people are handed down.
    """
    from caseway.intake.receive import receive
    from caseway.mailboxes.watch import watch_all
    from caseway.outbound.alarms import mailbox_stopped

    name = f"{socket.gethostname()}:{os.getpid()}"
    beating = threading.Thread(target=keep_beating, args=("watch", name, stop), name="heartbeat")
    beating.start()
    try:
        watch_all(deliver=receive, stop=stop, alarm=mailbox_stopped)
    finally:
        stop.set()
        beating.join()
