"""Tells the story to the demo, in the background: `python -m caseway.ops.story.run DIR`.

How far it is stands in the database, written with each step: what was interrupted goes on with the next step, and a
second run makes nothing twice. DIR/sample-progress.json says the same to the pages.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

OPENING = 400
"""The story's cases have numbers up to this one; the demo's own begin behind."""
SIZE = 1.36
"""Of the times that the texts name: some three hundred conversations."""
PROGRESS = "sample-progress.json"


def main() -> None:
    from caseway.ops.commands.database import set_up_django

    os.nice(5)
    set_up_django()
    folder = Path(sys.argv[1])
    try:
        tell(folder)
    except BaseException:  # the next start goes on; until then no page waits for it
        _Progress(folder, 0).stop()
        raise


def tell(folder: Path, size: float = SIZE, most: int = 0) -> int:
    """Tell what was not told yet, at most `most` steps of it (0: all). Returns how many steps were done.

    Needs Django set up, the company of `demo_company`, and the demo's mail server.
    """
    from django.db import transaction

    from caseway.accounts.models import Organisation
    from caseway.accounts.scope import every_organisation, organisation_scope
    from caseway.ops.demo_company import ORGANISATION
    from caseway.ops.story.act import Teller, finish
    from caseway.ops.story.clock import Clock, clock_set
    from caseway.ops.story.plan import story

    with every_organisation():
        organisation = Organisation.objects.get(slug=ORGANISATION[0])
    with organisation_scope(organisation.pk):
        plan = _fingerprint(size)
        began, done, known = _begin(plan)
        talks, steps = story(began, size)
        progress = _Progress(folder, len(steps))
        if known != plan:  # begun by another version: what it told stays as it is
            progress.show(len(steps), is_over=True)
            return 0
        progress.show(done - done % 10)
        clock = Clock(began - datetime.timedelta(days=60))
        with _quietly(), clock_set(clock):
            teller = Teller(organisation, talks, clock)
            part = steps[done : done + most] if most else steps[done:]
            for number, step in enumerate(part, start=done + 1):
                with transaction.atomic():
                    teller.tell(step)
                    _write_down(number)
                    _read_notices(began)
                progress.show(number)
        if done + len(part) == len(steps):
            finish(teller)
            progress.show(len(steps), is_over=True)
    return len(part)


def is_over(folder: Path) -> bool:
    """Whether the whole story was told to the demo in this folder."""
    try:
        return bool(json.loads((folder / PROGRESS).read_text())["is_over"])
    except (OSError, ValueError, KeyError):
        return False


def make_table(cursor: Any, role: str) -> None:
    """Where the story stands. A table of the demo's alone; made by the database's owner."""
    cursor.execute(
        "CREATE TABLE IF NOT EXISTS demo_story (began timestamptz NOT NULL, done integer NOT NULL, plan text NOT NULL)"
    )
    cursor.execute(f"GRANT SELECT, INSERT, UPDATE ON demo_story TO {role}")


def _fingerprint(size: float) -> str:
    """What the steps are made from: texts, plan and size."""
    folder = Path(__file__).parent
    parts = [path.read_bytes() for path in [*sorted(folder.glob("*.txt")), folder / "plan.py"]]
    return hashlib.sha256(b"\0".join([*parts, str(size).encode()])).hexdigest()


def _begin(plan: str) -> tuple[datetime.datetime, int, str]:
    """(when the story ends, steps done, fingerprint). The end is chosen once, so that each run plans the same."""
    from django.db import connection
    from django.utils import timezone

    from caseway.ops.story.plan import QUIET_HOURS

    with connection.cursor() as cursor:
        cursor.execute("SELECT began, done, plan FROM demo_story")
        row = cursor.fetchone()
        if row is None:
            row = (timezone.now() - datetime.timedelta(hours=QUIET_HOURS), 0, plan)
            cursor.execute("INSERT INTO demo_story VALUES (%s, %s, %s)", row)
    return row[0], row[1], row[2]


def _write_down(done: int) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("UPDATE demo_story SET done = %s", [done])


def _read_notices(began: datetime.datetime) -> None:
    """The bell rings for the last day only; nobody is mailed about what is weeks ago."""
    from django.utils import timezone

    from caseway.cases.models import Notification

    old = Notification.objects.filter(read_at=None, created_at__lt=began - datetime.timedelta(hours=20))
    old.update(read_at=timezone.now(), mailed_at=timezone.now())
    Notification.objects.filter(mailed_at=None, created_at__lt=began).update(mailed_at=timezone.now())


class _quietly:  # noqa: N801 - reads as a verb
    """No bell wakes workers, no open page is told: pages show what is there when they are opened.

    Cases get the numbers in front of the demo's own, where those were left free.
    """

    def __enter__(self) -> None:
        from caseway.accounts import bell
        from caseway.cases import opening

        self._put_back: list[Callable[[], None]] = []
        self._replace(bell, "notify", lambda channel, payload: None)
        self._replace(opening, "next_number", _numbered(opening.next_number))

    def __exit__(self, *_: object) -> None:
        for put_back in self._put_back:
            put_back()

    def _replace(self, module: Any, name: str, value: object) -> None:
        before = getattr(module, name)
        self._put_back.append(lambda: setattr(module, name, before))
        setattr(module, name, value)


def _numbered(live: Callable[[int], int]) -> Callable[[int], int]:
    from django.db.models import Max

    from caseway.cases.models import Case, CaseCounter

    def next_number(organisation_id: int) -> int:
        counter = CaseCounter.objects.filter(organisation_id=organisation_id).first()
        if counter is None or counter.next <= OPENING:
            return live(organisation_id)
        taken = Case.objects.filter(organisation_id=organisation_id, number__lte=OPENING).aggregate(most=Max("number"))
        number = int(taken["most"] or 0) + 1
        return number if number <= OPENING else live(organisation_id)

    return next_number


class _Progress:
    """What the pages read."""

    def __init__(self, folder: Path, total: int) -> None:
        self._file, self._total = folder / PROGRESS, total

    def show(self, done: int, *, is_over: bool = False) -> None:
        if not done % 10 or is_over:
            self._write({"done": done, "total": self._total, "is_over": is_over})

    def stop(self) -> None:
        """Nobody works on it now."""
        self._write({"is_over": False})

    def _write(self, values: dict[str, object]) -> None:
        new = self._file.with_suffix(".new")
        new.write_text(json.dumps(values))
        new.replace(self._file)


if __name__ == "__main__":
    main()
