"""The running application: web server, worker and watcher against the test database, on a real port."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvicorn
from django.conf import settings
from django.db import connections

from tests.servers.ports import free_port
from tests.servers.waiting import wait_for


@dataclass
class LiveApp:
    """`url` answers while the fixture lives. Worker and watcher can be started, and stopped again, by themselves."""

    port: int
    _stops: list[tuple[threading.Event, threading.Thread]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def start_worker(self) -> Callable[[], None]:
        """Run a worker; returns the function that stops it."""
        from caseway.ops.worker import Worker, duties

        stop = threading.Event()
        return self._run("worker", stop, Worker(duties(intake_threads=1), stop).run)

    def start_watcher(self) -> Callable[[], None]:
        """Run a watcher; returns the function that stops it."""
        from caseway.ops.watcher import watch

        stop = threading.Event()
        return self._run("watcher", stop, lambda: watch(stop))

    def stop(self) -> None:
        for stop, _ in self._stops:
            stop.set()
        for _, thread in self._stops:
            thread.join(30)

    def _run(self, name: str, stop: threading.Event, work: Callable[[], None]) -> Callable[[], None]:
        def body() -> None:
            try:
                work()
            finally:
                connections.close_all()

        thread = threading.Thread(target=body, name=name, daemon=True)
        thread.start()
        self._stops.append((stop, thread))

        def end() -> None:
            stop.set()
            thread.join(30)

        return end


@pytest.fixture
def live_web(transactional_db: None) -> Iterator[LiveApp]:
    """The web server alone: what it does not do by itself stays undone until the test starts a worker."""
    from caseway.ops.asgi import application

    port = free_port()
    options: dict[str, Any] = {"log_level": "warning", "lifespan": "off", "timeout_graceful_shutdown": 1}
    server = uvicorn.Server(uvicorn.Config(application, host="127.0.0.1", port=port, **options))
    thread = threading.Thread(target=server.run, name="web", daemon=True)
    before, settings.CASEWAY_URL = settings.CASEWAY_URL, f"http://localhost:{port}"
    thread.start()
    app = LiveApp(port)
    try:
        wait_for(lambda: server.started or not thread.is_alive(), "the web server to answer")
        assert thread.is_alive(), "the web server did not start"
        yield app
    finally:
        app.stop()
        server.should_exit = True
        thread.join(20)
        settings.CASEWAY_URL = before


@pytest.fixture
def live_app(live_web: LiveApp) -> LiveApp:
    """Everything: web server, worker and watcher."""
    live_web.start_worker()
    live_web.start_watcher()
    return live_web
