"""The event stream of open pages, over real HTTP and a real LISTEN connection."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from django.db import connection, transaction
from django.test import Client

from caseway.accounts.bell import tell
from caseway.accounts.models import Employee
from caseway.accounts.scope import organisation_scope
from caseway.web import live
from tests.companies import Company, make_company
from tests.servers.live import LiveApp
from tests.servers.waiting import wait_for


@pytest.fixture
def company(transactional_db: None) -> Company:
    return make_company()


@pytest.fixture
def other(transactional_db: None) -> Company:
    return make_company("northwind", "northwind.example")


def cookie_of(employee: Employee) -> str:
    client = Client()
    with organisation_scope(employee.organisation_id):
        client.force_login(employee, backend="caseway.accounts.sign_in.EmployeeBackend")
    return f"caseway_session={client.cookies['caseway_session'].value}"


class Stream:
    def __init__(self, app: LiveApp, cookie: str) -> None:
        self.seen: list[tuple[str, dict[str, object]]] = []
        self._connection = http.client.HTTPConnection("127.0.0.1", app.port, timeout=20)
        self._connection.request("GET", "/live", headers={"Cookie": cookie, "Host": "localhost"})
        self.answer = self._connection.getresponse()

    def next(self, wanted: str) -> dict[str, object]:
        """The next event of that name; those in between are `seen`."""
        self.seen = []
        while True:
            line = self.answer.readline().decode()
            assert line, f"the stream ended before {wanted}"
            if line.startswith("event: "):
                name = line.removeprefix("event: ").strip()
                data = json.loads(self.answer.readline().decode().removeprefix("data: "))
                if name == wanted:
                    return dict(data)
                self.seen.append((name, data))

    def close(self) -> None:
        self._connection.close()


@contextmanager
def opened(app: LiveApp, employee: Employee) -> Iterator[Stream]:
    stream = Stream(app, cookie_of(employee))
    assert stream.answer.status == 200
    assert stream.answer.headers["Content-Type"] == "text/event-stream"
    try:
        stream.next("hello")
        stream.next("reload")  # the process listens
        yield stream
    finally:
        stream.close()


def say(company: Company, event: str, **ids: int) -> None:
    with organisation_scope(company.organisation.pk), transaction.atomic():
        tell(company.organisation.pk, event, **ids)


def test_an_event_reaches_its_organisation_with_ids_only(live_web: LiveApp, company: Company, other: Company) -> None:
    with opened(live_web, company.maya) as stream:
        say(other, "case.changed", id=1, number=666)
        say(company, "case.changed", id=2, number=7)
        assert stream.next("case.changed") == {"id": 2, "number": 7}
        assert not stream.seen


def test_nobody_listens_without_signing_in(live_web: LiveApp, company: Company) -> None:
    assert Stream(live_web, "caseway_session=made-up").answer.status == 401


def test_signing_out_and_deactivation_end_the_stream(
    live_web: LiveApp, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "CHECK_SECONDS", 0.5)
    with opened(live_web, company.dana) as stream:
        with organisation_scope(company.organisation.pk):
            Employee.objects.filter(pk=company.dana.pk).update(is_active=False)
        stream.next("ended")
        assert stream.answer.readline() in {b"\n", b""}


def test_a_quiet_stream_is_kept_open_by_comments(
    live_web: LiveApp, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "HEARTBEAT_SECONDS", 0.2)
    with opened(live_web, company.maya) as stream:
        lines = [stream.answer.readline() for _ in range(4)]
        assert b": still here\n" in lines


def test_the_listener_comes_back_and_pages_hear_of_it(
    live_web: LiveApp, company: Company, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "RECONNECT_SECONDS", 0.1)
    with opened(live_web, company.maya) as stream:
        with psycopg.connect(database_url, autocommit=True) as owner:
            killed = owner.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE query LIKE 'LISTEN %' AND datname = current_database()"
            ).fetchall()
        assert killed
        stream.next("reload")
        say(company, "case.changed", id=1, number=1)
        assert stream.next("case.changed")["number"] == 1


def test_more_open_pages_than_connections_of_the_pool(live_web: LiveApp, company: Company) -> None:
    cookie = cookie_of(company.maya)
    streams = [Stream(live_web, cookie) for _ in range(30)]
    try:
        for stream in streams:
            stream.next("hello")
        say(company, "case.new", id=1, number=3)
        for stream in streams:
            assert stream.next("case.new")["number"] == 3
        page = http.client.HTTPConnection("127.0.0.1", live_web.port, timeout=20)
        page.request("GET", "/cases", headers={"Cookie": cookie, "Host": "localhost"})
        assert page.getresponse().status == 200
    finally:
        for stream in streams:
            stream.close()


def test_a_page_that_does_not_read_is_told_to_load_anew() -> None:
    page = live.Subscription(1)
    for number in range(live.MOST_WAITING + 5):
        page.offer({"event": "case.changed", "id": number})
    kept = [page.events.get_nowait() for _ in range(page.events.qsize())]
    assert kept[0] == live.RELOAD
    assert len(kept) <= live.MOST_WAITING


def test_pages_that_went_leave_nothing_behind(live_web: LiveApp, company: Company) -> None:
    with opened(live_web, company.maya):
        assert any(hub._pages for hub in live._hubs.values())
    say(company, "case.changed", id=1, number=1)
    wait_for(lambda: not any(hub._pages for hub in live._hubs.values()), "the page to be forgotten")
    connection.close()
