"""Live pages: one LISTEN connection for the process, fanned out as server-sent events. Events carry ids only."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from asgiref.sync import sync_to_async
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.crypto import constant_time_compare

from caseway.accounts.bell import LIVE
from caseway.accounts.models import Employee
from caseway.accounts.scope import every_organisation

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 15
CHECK_SECONDS = 25
"""A session that ended or an employee who left hears nothing more after this."""
RECONNECT_SECONDS = 2
LINGER_SECONDS = 30
"""The connection outlives its last page by this, so that going from page to page does not make it anew."""
MOST_WAITING = 200
"""Events kept for one page that does not read; beyond it the page is told to load anew."""

Event = dict[str, Any]
RELOAD: Event = {"event": "reload"}


class Subscription:
    """One open page."""

    def __init__(self, organisation_id: int, employee_id: int = 0) -> None:
        self.organisation_id = organisation_id
        self.employee_id = employee_id
        self.events: asyncio.Queue[Event] = asyncio.Queue(MOST_WAITING)

    def offer(self, event: Event) -> None:
        if self.events.full():
            while not self.events.empty():
                self.events.get_nowait()
            event = RELOAD
        self.events.put_nowait(event)


class Hub:
    """The process's one LISTEN connection. It stands while a page is open and comes back when it breaks."""

    def __init__(self) -> None:
        self._pages: set[Subscription] = set()
        self._task: asyncio.Task[None] | None = None
        self._end: asyncio.TimerHandle | None = None

    def open(self, page: Subscription) -> None:
        self._pages.add(page)
        if self._end is not None:
            self._end.cancel()
            self._end = None
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._listen())

    def close(self, page: Subscription) -> None:
        self._pages.discard(page)
        if not self._pages and self._end is None:
            self._end = asyncio.get_running_loop().call_later(LINGER_SECONDS, self._stop)

    def _stop(self) -> None:
        self._end = None
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _listen(self) -> None:
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(**_parameters(), autocommit=True) as listener:
                    await listener.execute(f"LISTEN {LIVE}")
                    self._tell_all(RELOAD)  # pages look for what happened while nobody listened
                    async for notice in listener.notifies():
                        self._pass_on(notice.payload)
            except (psycopg.Error, OSError) as error:
                log.warning("The connection for live pages broke (%s); connecting again", error)
            await asyncio.sleep(RECONNECT_SECONDS)

    def _pass_on(self, payload: str) -> None:
        try:
            event = json.loads(payload)
            organisation_id = event.pop("organisation")
            only = event.pop("employee", None)  # for one person's pages
        except (ValueError, KeyError, AttributeError):
            return
        for page in self._pages:
            if page.organisation_id == organisation_id and only in {None, page.employee_id}:
                page.offer(event)

    def _tell_all(self, event: Event) -> None:
        for page in self._pages:
            page.offer(event)


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def _hub() -> Hub:
    """The hub of the running event loop; servers have one loop, tests one each."""
    return _hubs.setdefault(asyncio.get_running_loop(), Hub())


async def live(request: HttpRequest) -> HttpResponseBase:
    """The stream of an open page. Ends by itself when its session does."""
    employee_id, organisation_id = await sync_to_async(_who)(request)
    if employee_id is None or organisation_id is None:
        return HttpResponse(status=401)
    response = StreamingHttpResponse(_events(request, organisation_id, employee_id), content_type="text/event-stream")
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"
    return response


async def _events(request: HttpRequest, organisation_id: int, employee_id: int) -> AsyncIterator[str]:
    page, hub, loop = Subscription(organisation_id, employee_id), _hub(), asyncio.get_running_loop()
    hub.open(page)
    checked = beaten = loop.time()
    try:
        yield "retry: 2000\nevent: hello\ndata: {}\n\n"
        while True:
            wait = min(checked + CHECK_SECONDS, beaten + HEARTBEAT_SECONDS) - loop.time()
            event = await _next(page, max(wait, 0))
            if loop.time() >= checked + CHECK_SECONDS:
                if not await sync_to_async(_is_still_in)(request, organisation_id):
                    yield "event: ended\ndata: {}\n\n"
                    return
                checked = loop.time()
            if event is not None:
                yield f"event: {event.pop('event', 'changed')}\ndata: {json.dumps(event)}\n\n"
            elif loop.time() >= beaten + HEARTBEAT_SECONDS:
                yield ": still here\n\n"
            beaten = loop.time()
    finally:
        hub.close(page)


async def _next(page: Subscription, seconds: float) -> Event | None:
    try:
        return dict(await asyncio.wait_for(page.events.get(), seconds))
    except TimeoutError:
        return None


def _who(request: HttpRequest) -> tuple[int | None, int | None]:
    employee = request.user if isinstance(request.user, Employee) or request.user.is_authenticated else None
    found = (employee.pk, employee.organisation_id) if employee else (None, None)
    connection.close()  # an open page may not keep a connection of the pool
    return found


def _is_still_in(request: HttpRequest, organisation_id: int) -> bool:
    """Whether the session lives, its password is the same, and the employee is active in this organisation."""
    try:
        session = type(request.session)(request.session.session_key)
        number, proof = session.get(SESSION_KEY), session.get(HASH_SESSION_KEY, "")
        if number is None:
            return False
        with every_organisation():
            employee = Employee.objects.active().filter(pk=number, organisation_id=organisation_id).first()
        return employee is not None and constant_time_compare(proof, employee.get_session_auth_hash())
    finally:
        connection.close()


def _parameters() -> dict[str, Any]:
    """How Django connects, less what psycopg's own connection does not take from it."""
    parameters = connection.get_connection_params()
    return {name: value for name, value in parameters.items() if name not in {"cursor_factory", "context"}}
