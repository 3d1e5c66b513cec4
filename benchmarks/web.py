"""How long pages take in a company of three years: bin/bench web [--cases 1000000] [--folder DIRECTORY] [--browser].

Real HTTP against the real web process, one request after the other as one person makes them, against a database of
generated cases (benchmarks/web_database.py) that is kept between runs. Server time is what the web process took, from
its Server-Timing header; the whole time until the last byte is shown beside it.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.stack import end, wait_for
from benchmarks.web_client import Answer, Client, Form
from benchmarks.web_database import MESSAGES_PER_CASE, SERVING, Database
from benchmarks.web_words import vocabulary

BARS = {"list": 50.0, "case": 60.0, "search": 150.0, "reply": 50.0}
MOST_QUERIES = 12
"""Of a page; a reply writes half a dozen tables and leads to one."""


def main() -> int:
    options = argparse.ArgumentParser(prog="bin/bench web", description=__doc__)
    options.add_argument("--cases", type=int, default=1_000_000)
    options.add_argument("--folder", type=Path, default=Path("/var/lib/caseway-bench"))
    options.add_argument("--rounds", type=int, default=40, help="requests of each kind")
    options.add_argument("--only", default="", help="kinds whose name holds this word")
    options.add_argument("--browser", action="store_true", help="measure Chromium on the demo instead")
    chosen = options.parse_args()
    if chosen.browser:
        from benchmarks.web_browser import measure

        return measure()
    database = Database(chosen.folder, chosen.cases)
    facts = database.prepare()
    os.environ.update(database.environment())
    print(
        f"{facts['cases']:,} cases, {facts['cases'] * MESSAGES_PER_CASE:,} messages, made in {facts['seconds']} s; "
        f"PostgreSQL with {', '.join(f'{name}={value}' for name, value in SERVING.items())}"
    )
    return Measurement(chosen.cases, chosen.rounds, chosen.only).run()


class Measurement:
    """One run against the database that DATABASE_URL names."""

    def __init__(self, cases: int, rounds: int, only: str) -> None:
        import django
        from tests.servers.ports import free_port

        django.setup()
        self.cases = cases
        self.rounds = rounds
        self.only = only
        self.dice = random.Random(3)
        self.port = free_port()
        self.words = vocabulary(60_000)

    def run(self) -> int:
        environment = {
            **os.environ,
            "CASEWAY_LISTEN": f"127.0.0.1:{self.port}",
            "CASEWAY_URL": f"http://127.0.0.1:{self.port}",
            "CASEWAY_SERVER_TIMING": "on",
        }
        self._prepare()
        server = subprocess.Popen([sys.executable, "-m", "caseway.ops", "web"], env=environment)
        try:
            self.client = Client(self.port, self.cookie)
            wait_for(self.client.is_up, "the web server", 60)
            return self._measure()
        finally:
            end(server)

    def _prepare(self) -> None:
        """A session of an administrator, and a worker that seems to run."""
        from datetime import timedelta

        from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
        from django.contrib.sessions.backends.db import SessionStore
        from django.db.models import Count
        from django.utils import timezone

        from caseway.accounts.models import Employee, Heartbeat, Role
        from caseway.accounts.scope import every_organisation, organisation_scope
        from caseway.accounts.sign_in import ORGANISATION
        from caseway.cases.models import Case, Message, SavedView
        from caseway.contacts.models import Contact

        with every_organisation():
            self.employee = Employee.objects.filter(role=Role.ADMINISTRATOR).first()
            assert self.employee is not None
            Heartbeat.objects.update_or_create(
                kind="worker", name="bench", defaults={"seen_at": timezone.now() + timedelta(hours=1)}
            )
        session = SessionStore()
        session[SESSION_KEY] = str(self.employee.pk)
        session[BACKEND_SESSION_KEY] = "caseway.accounts.sign_in.EmployeeBackend"
        session[HASH_SESSION_KEY] = self.employee.get_session_auth_hash()
        session[ORGANISATION] = self.employee.organisation_id  # as signing in does
        session.save()
        self.cookie = f"caseway_session={session.session_key}"
        with organisation_scope(self.employee.organisation_id):
            visible = Case.objects.visible_to(self.employee)
            long = Message.objects.filter(case__in=visible.filter(pk__gt=self.cases * 3 // 4)).values("case__number")
            self.long = list(
                long.annotate(count=Count("pk")).filter(count=200).values_list("case__number", flat=True)[:10]
            )
            self.open = list(visible.unclosed().filter(is_snoozed=False).values_list("number", flat=True)[:5000])
            self.names = list(Contact.objects.order_by("pk").values_list("name", flat=True)[:5000])
            self.saved = SavedView.objects.values_list("pk", flat=True).first()
            self.contacts = list(Case.objects.values_list("contact_id", flat=True)[:2000])

    def _measure(self) -> int:
        print(f"{'':44}{'server p50':>11}{'p95':>8}{'database':>10}{'whole p95':>11}{'queries':>9}{'bar':>6}")
        failed = 0
        for name, kind, ask in self._kinds():
            if self.only and self.only not in f"{kind} {name}":
                continue
            for _ in range(3):
                ask()
            answers = [ask() for _ in range(self.rounds)]
            failed += not self._report(name, kind, answers)
        print("all bars hold" if not failed else f"{failed} rows are over a bar")
        return 1 if failed else 0

    def _report(self, name: str, kind: str, answers: list[Answer]) -> bool:
        server = sorted(one.server for one in answers)
        whole = sorted(one.whole for one in answers)
        queries = max(one.queries for one in answers)
        p95 = _quantile(server, 0.95)
        bad = sorted({one.status for one in answers} - {200, 302})
        is_good = p95 <= BARS[kind] and (queries <= MOST_QUERIES or kind == "reply") and not bad
        database = _quantile(sorted(one.database for one in answers), 0.95)
        print(
            f"{kind + ': ' + name:44}{_quantile(server, 0.5):9.1f}ms{p95:6.1f}ms{database:8.1f}ms"
            f"{_quantile(whole, 0.95):9.1f}ms{queries:9}{BARS[kind]:6.0f}"
            + ("" if is_good else f"  OVER{' status ' + str(bad) if bad else ''}"),
            flush=True,
        )
        return is_good

    def _kinds(self) -> list[tuple[str, str, Any]]:
        from caseway.cases.lists import VIEWS

        dice, get = self.dice, self.client.get
        lists = [(view.title, "list", lambda slug=slug: get(f"/cases/{slug}")) for slug, view in VIEWS.items()]
        narrowed = {
            "All Open, urgent and new": "/cases/all-open?status=new&priority=urgent",
            "All Open, one tag": lambda: f"/cases/all-open?tag=tag-{dice.randrange(40)}",
            "All Open, one colleague": "/cases/all-open?assignee=%s" % (self.employee.pk + 5),
            "All Open, unread": "/cases/all-open?unread=me",
            "All Open, overdue": "/cases/all-open?need_by=overdue",
            "All Open, with attachment": "/cases/all-open?has=attachment",
            "All Open, by creation": "/cases/all-open?sort=created",
            "Closed, one type and team": "/cases/closed?type=Refund&team=2",
            "Closed, one tag": lambda: f"/cases/closed?tag=tag-{dice.randrange(40)}",
            "Closed, one contact": lambda: f"/cases/closed?contact={dice.choice(self.contacts)}",
            "Closed, one customer": lambda: f"/cases/closed?customer={dice.randrange(1, 19000)}",
            "Closed, one month two years ago": "/cases/closed?created_after=700d&created_before=670d",
            "Closed, one address": "/cases/closed?address=2",
            "saved view": f"/cases/all-open?saved={self.saved}",
        }  # fmt: skip
        lists += [
            (name, "list", lambda path=path: get(path() if callable(path) else path)) for name, path in narrowed.items()
        ]
        lists += [("Closed, tenth page", "list", self._deep("/cases/closed"))]
        lists += [("counts", "list", lambda: get("/cases/counts"))]
        return [
            *lists,
            ("short", "case", lambda: get(f"/cases/{dice.randrange(1, self.cases)}", missing_is_fine=True)),
            ("open", "case", lambda: get(f"/cases/{dice.choice(self.open)}")),
            ("200 messages", "case", lambda: get(f"/cases/{dice.choice(self.long)}")),
            ("preview", "case", lambda: get(f"/cases/{dice.choice(self.open)}/preview")),
            *((name, "search", lambda make=make: self._search(make())) for name, make in self._searches().items()),
            ("words in Closed", "search", lambda: get(f"/cases/closed?q={self.words[dice.randrange(300, 20000)]}")),
            ("second page of a common word", "search", self._deep("/search?q=refund", 1)),
            ("type", "search", lambda: self._search(self._name()[: dice.randrange(2, 6)], "/search/suggestions")),
            ("type any word", "search", lambda: self._search(dice.choice(self.words)[:3], "/search/suggestions")),
            ("reply", "reply", self._reply),
        ]  # fmt: skip

    def _searches(self) -> dict[str, Any]:
        dice, words = self.dice, self.words
        return {
            "rare word": lambda: words[dice.randrange(20_000, 60_000)],
            "middling word": lambda: words[dice.randrange(400, 5_000)],
            "common word": lambda: words[dice.randrange(40, 300)],
            "the commonest word": lambda: "the",
            "no such word": lambda: f"zzx{dice.randrange(10**6)}",
            "order number": lambda: str(10_000 + dice.randrange(1, self.cases) * 7 % 900_000),
            "case number": lambda: f"CW-{dice.randrange(1, self.cases)}",
            "address": lambda: f"{dice.choice(self.names).lower().replace(' ', '.')}",
            "name": self._name,
            "mistyped name": lambda: _mistyped(self._name(), dice),
            "two common words": lambda: f"{dice.choice(words[40:200])} {dice.choice(words[40:200])}",
            "common and rare word": lambda: f"{dice.choice(words[40:200])} {dice.choice(words[9000:20000])}",
            "phrase": lambda: f'"{dice.choice(words[:60])} {dice.choice(words[:60])}"',
            "subject:": lambda: f"subject:{dice.choice(words[100:2000])}",
            "from:": lambda: f"from:{self._name().split()[-1]}",
            "assignee:me status:open word": lambda: f"assignee:me status:open {dice.choice(words[40:300])}",
            "tag: word": lambda: f"tag:tag-{dice.randrange(40)} {dice.choice(words[40:300])}",
            "has:attachment after: word": lambda: f"has:attachment after:90d {dice.choice(words[40:300])}",
            "in:trash word": lambda: f"in:trash {dice.choice(words[40:300])}",
            "word -word": lambda: f"{dice.choice(words[40:300])} -{dice.choice(words[40:300])}",
            "operators alone": lambda: f"status:open type:refund assignee:{dice.choice(('me', 'nobody'))}",
        }

    def _search(self, text: str, path: str = "/search") -> Answer:
        return self.client.get(path, q=text)

    def _name(self) -> str:
        return str(self.dice.choice(self.names))

    def _deep(self, path: str, pages: int = 9) -> Any:
        """The page after some others, by the key that each gives of the next."""

        def ask() -> Answer:
            answer = self.client.get(path)
            for _ in range(pages):
                following = answer.following
                if not following:
                    break
                answer = self.client.get(path.partition("?")[0] + following)
            return answer

        return ask

    def _reply(self) -> Answer:
        number = self.dice.choice(self.open)
        form = Form.find(self.client.get(f"/cases/{number}").text, "/replies")
        return self.client.post(form.action, {**form.values, "text": "Thank you, it is on its way.", "after": "open"})


def _mistyped(name: str, dice: random.Random) -> str:
    word = max(name.split(), key=len)
    place = dice.randrange(1, len(word) - 1)
    return word[:place] + word[place + 1] + word[place] + word[place + 2 :]


def _quantile(values: list[float], part: float) -> float:
    return values[min(len(values) - 1, int(len(values) * part))]


if __name__ == "__main__":
    began = time.monotonic()
    status = main()
    print(f"({time.monotonic() - began:.0f} s)")
    raise SystemExit(status)
