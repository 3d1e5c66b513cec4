"""The process of `caseway lmtp`: the door for mail servers, with its heartbeat, until it is told to stop."""

from __future__ import annotations

import asyncio
import os
import socket
import threading

from caseway.accounts.models import Organisation
from caseway.intake.lmtp import Desk, serve
from caseway.ops.supervisor import signals_set
from caseway.ops.worker import keep_beating


async def take_mail(
    place: tuple[str, int], mode: int, only: Organisation | None, *, takes_all: bool, speaks_smtp: bool
) -> None:
    """Serve on `place` until a signal comes. Raises OSError when it cannot be listened on."""
    stopped = threading.Event()
    stop = asyncio.Event()
    beating = threading.Thread(
        target=keep_beating, args=("lmtp", f"{socket.gethostname()}:{os.getpid()}", stopped), name="heartbeat"
    )
    host, port = place
    with signals_set(stopped):
        beating.start()
        waiting = asyncio.create_task(_pass_on(stopped, stop))
        try:
            desk = Desk(only, takes_all, per_recipient=not speaks_smtp)
            where = {"path": host, "mode": mode} if not port else {"host": host, "port": port}
            await serve(desk, stop, **where)  # type: ignore[arg-type]
        finally:
            stopped.set()
            await waiting
            await asyncio.to_thread(beating.join)


async def _pass_on(stopped: threading.Event, stop: asyncio.Event) -> None:
    while not stopped.is_set():
        await asyncio.sleep(0.2)
    stop.set()
