"""The demo as a person or a program meets it: from nothing to a case, and again after every kind of end."""

import imaplib
import json
import os
import signal
import smtplib
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from caseway.mail.classify import Own, classify
from caseway.mail.model import Kind
from caseway.mail.parse import parse
from caseway.ops import demo_site
from caseway.ops.commands.database import embedded
from tests.servers.ports import free_port
from tests.servers.waiting import wait_for

SLOW = 120.0  # seconds, on a machine that does other things too


class Demo:
    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.output = folder.with_suffix(".out")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *options: str) -> dict[str, Any]:
        """Start it and wait for its `ready`; returns what demo.json says."""
        arguments = ["demo", "--port", str(self.port), "--data", str(self.folder), *options]
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "caseway.ops", *arguments],
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, "DATABASE_URL": "postgresql://somebody-elses@127.0.0.1:1/none"},
            )
        wait_for(lambda: self.is_ready() or self.process.poll() is not None, "the demo to be ready", SLOW)
        assert self.is_ready(), self.output.read_text()
        found = json.loads((self.folder / "demo.json").read_text())
        assert isinstance(found, dict)
        return found

    def is_ready(self) -> bool:
        return any(line.startswith("ready ") for line in self.output.read_text().splitlines())

    def end(self, number: int) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(30)


@pytest.fixture
def demo() -> Iterator[Demo]:
    place = Path(tempfile.mkdtemp(prefix="caseway-demo-"))
    place.chmod(0o755)
    one = Demo(place / "with space and é")
    yield one
    if one.process is not None and one.process.poll() is None:
        one.end(signal.SIGTERM)
    demo_site.forget(one.folder)


def api(site: dict[str, Any], path: str) -> Any:
    request = urllib.request.Request(
        f"{site['url']}/api/v1/{path}", headers={"Authorization": f"Bearer {site['api_token']}"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def send(site: dict[str, Any], subject: str) -> None:
    mail = f"From: Parker Ehlers <{site['customer']['address']}>\r\nTo: {site['support_address']}\r\n"
    with smtplib.SMTP(site["smtp"]["host"], site["smtp"]["port"], timeout=30) as smtp:
        text = f"{mail}Subject: {subject}\r\n\r\nThe pole broke.\r\n"
        smtp.sendmail(site["customer"]["address"], [site["support_address"]], text.encode())


def cases(site: dict[str, Any]) -> dict[str, Any]:
    return {case["subject"]: case for case in api(site, "cases")["items"]}


def acknowledgements(site: dict[str, Any], subject: str) -> int:
    with imaplib.IMAP4(site["imap"]["host"], site["imap"]["port"], timeout=30) as imap:
        imap.login(site["customer"]["user"], site["customer"]["password"])
        imap.select("INBOX", readonly=True)
        found = imap.uid("FETCH", "1:*", "(BODY.PEEK[])")[1]
        return sum(subject.encode() in item[1] for item in found if isinstance(item, tuple))


def test_mail_becomes_an_acknowledged_case_before_and_after_every_kind_of_end(demo: Demo) -> None:
    site = demo.start("--no-sample")
    assert set(site) == {
        *("url", "email", "password", "api_token", "support_address", "smtp", "imap", "customer", "database_url")
    }
    assert oct((demo.folder / "demo.json").stat().st_mode)[-3:] == "600"

    for number, (subject, end) in enumerate(
        [("Pole one", signal.SIGINT), ("Pole two", signal.SIGKILL), ("Pole three", signal.SIGTERM)]
    ):
        if number:
            assert demo.start("--no-story") == site, "ports, passwords and token stay"
        send(site, subject)
        wait_for(lambda subject=subject: subject in cases(site), "the case", 30)
        case = cases(site)[subject]
        assert case["assigned_to"]["name"] == "Maya Lindqvist"
        assert case["contact"]["name"] == "Parker Ehlers"
        wait_for(lambda subject=subject: acknowledgements(site, subject), "the acknowledgement", 30)
        if number == 0:  # the second start sends the sample mails that the first was told not to
            assert len(cases(site)) == 1
        assert demo.end(end) == (-signal.SIGKILL if end == signal.SIGKILL else 0)
        assert embedded(demo.folder).running() == (end == signal.SIGKILL), "a clean end leaves no server behind"

    demo.start("--no-story")
    with psycopg.connect(site["database_url"]) as owner:
        row = owner.execute("SELECT count(*), count(DISTINCT subject) FROM cases_case").fetchone()
    assert row is not None
    assert row[0] == row[1] > 20, "nothing became a case twice"
    assert acknowledgements(site, "Pole two") == 1


def test_reset_forgets_and_leaves_what_is_not_ours(demo: Demo) -> None:
    site = demo.start("--no-sample")
    send(site, "Forget me")
    wait_for(lambda: cases(site), "the case", 30)
    demo.end(signal.SIGINT)
    (demo.folder / "my own notes").write_text("stay")
    again = demo.start("--no-sample", "--reset")
    assert again["password"] != site["password"]
    assert cases(again) == {}
    assert (demo.folder / "my own notes").read_text() == "stay"


def test_second_start_on_the_same_folder_says_who_runs_there(demo: Demo) -> None:
    demo.start("--no-sample")
    assert demo.process is not None
    done = subprocess.run(
        [sys.executable, "-m", "caseway.ops", "demo", "--port", str(free_port()), "--data", str(demo.folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert f"process {demo.process.pid}" in done.stderr
    other = demo.folder.with_name("other")
    taken = subprocess.run(
        [sys.executable, "-m", "caseway.ops", "demo", "--port", str(demo.port), "--data", str(other)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert taken.returncode == 1
    assert f"Port {demo.port} is taken by" in taken.stderr
    assert f"--port {demo.port + 1}" in taken.stderr


def test_sample_mails_are_what_they_pretend_to_be() -> None:
    import datetime

    from caseway.ops.sample import compose
    from caseway.ops.sample_mails import MAILS

    now = datetime.datetime.now(datetime.UTC)
    kinds = {mail.key: classify(parse(compose(mail, now).as_bytes()), Own(frozenset())).kind for mail in MAILS}
    assert len(kinds) == len(MAILS) == 25
    assert {kinds.pop("newsletter"), kinds.pop("away"), kinds.pop("bounce")}.isdisjoint({Kind.PERSON})
    assert set(kinds.values()) == {Kind.PERSON}
    parker = parse(compose(next(mail for mail in MAILS if mail.key == "parker"), now).as_bytes())
    assert [part.name for part in parker.attachments] == ["pole.png"]
    assert "cid:pole@" in parker.html
