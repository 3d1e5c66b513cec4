"""Lets mail flow while everything dies, then counts. The program behind bin/chaos; its short form is a test."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from caseway.accounts.crash_points import WATCH_POINTS, WORKER_POINTS
from tests.chaos.checker import Report, check
from tests.chaos.letters import Letter, Letters, senders
from tests.chaos.sink import FAULTS
from tests.chaos.stage import Process, Stage, choose
from tests.servers.waiting import wait_for

UNFINISHED = (
    "SELECT (SELECT count(*) FROM intake_inboundemail WHERE state IN ('pending', 'failed')),"
    " (SELECT count(*) FROM outbound_outboundemail WHERE state IN ('queued', 'sending'))"
)


@dataclass
class Options:
    mails: int = 2000
    kills: int = 500
    seed: int = 1
    minutes: float = 8.0
    """The kills are spread so that the whole takes about as long."""
    stall_seconds: float = 2.0


@dataclass
class Run:
    options: Options
    say: Callable[[str], None] = print
    kills: Counter[str] = field(default_factory=Counter)
    disturbances: Counter[str] = field(default_factory=Counter)

    def perform(self) -> Report:
        """Everything, from an empty stage to the counts."""
        options = self.options
        self.began = time.monotonic()
        self.dice = choose(options.seed)
        known = senders(max(20, options.mails // 4))
        with Stage(senders=known, stall_seconds=options.stall_seconds) as stage:
            self.stage = stage
            self.letters: Iterator[Letter] = iter(Letters(stage.users, known, self.dice))
            self.delivered = 0
            self._note("the stage is set")
            self._die_at_every_step()
            self._note(f"died at each of {sum(self.kills.values())} named steps")
            self._die_at_random()
            self._note(f"{options.kills} random kills done; letting it come to rest")
            self._come_to_rest()
            report = check(stage)
            self.errors = stage.errors()
        self._describe(report)
        return report

    # -- every named step once

    def _die_at_every_step(self) -> None:
        watch, *workers = [Process(self.stage, "watch", 0), *(Process(self.stage, "worker", one) for one in (1, 2))]
        self.stage.processes += [watch, *workers]
        left = {watch: list(WATCH_POINTS)}
        for number, worker in enumerate(workers):
            left[worker] = list(WORKER_POINTS)[number :: len(workers)]
        watch.start()
        self.stage.wait_watched()
        watch.kill()
        armed: dict[Process, str] = {}
        deadline = time.monotonic() + 240
        next_delivery = 0.0
        while armed or any(left.values()):
            for process, points in left.items():
                if process.is_alive:
                    continue
                if point := armed.pop(process, ""):
                    self.kills[point] += 1
                self._start_again(process, points[0] if points else "")
                if points:
                    armed[process] = points.pop(0)
            if any(process.is_ready for process in armed) and time.monotonic() > next_delivery:
                self._deliver(1)  # what is left to reach needs mail, however few there were to be
                enough = self.delivered > self.options.mails * 2 // 3
                next_delivery = time.monotonic() + (2.0 if enough else 0.4)
            time.sleep(0.05)
            if time.monotonic() > deadline:
                logs = "\n".join(one.log()[-2000:] for one in armed)
                raise AssertionError(f"never reached: {sorted(armed.values())}\n{logs}")

    # -- anything, at any moment

    def _die_at_random(self) -> None:
        options, stage = self.options, self.stage
        stage.process("watch")
        started = time.monotonic()
        pause = max(0.25, (options.minutes * 60 - (started - self.began) - 30) / max(1, options.kills))
        stage.sink.faults.extend(self.dice.sample(FAULTS, k=len(FAULTS)))  # each at least once
        for number in range(1, options.kills + 1):
            time.sleep(self.dice.uniform(0, 2 * pause))
            self._deliver((options.mails - self.delivered) // (options.kills - number + 1))
            if number % 3 == 0:
                self._disturb(number)
            victim = self.dice.choice(wait_for(self._ready, "a process to kill", 60))
            victim.kill()
            self.kills["at random"] += 1
            self._start_again(victim)
            if number % max(1, options.kills // 10) == 0 and number >= 50:
                self._note(f"{number} random kills, {self.delivered} mails")
        self._deliver(options.mails - self.delivered)

    def _ready(self) -> list[Process]:
        """Those that work; one that gave up by itself for want of a database is started again, as by a supervisor."""
        for process in self.stage.processes:
            if not process.is_alive:
                self._start_again(process)
        return [one for one in self.stage.processes if one.is_ready]

    def _disturb(self, number: int) -> None:
        stage = self.stage
        rarely_slow = [1.0 if not fault.startswith("stall") else 0.2 for fault in FAULTS]
        stage.sink.faults.extend(self.dice.choices(FAULTS, rarely_slow, k=2))
        acts: dict[str, Callable[[], object]] = {
            "TCP cut": stage.proxy.cut,
            "TCP cut in mid-fetch": lambda: stage.proxy.cut_after(self.dice.randrange(1000, 400_000)),
        }
        if number % 15 == 0:
            rare: dict[str, Callable[[], object]] = {
                "PostgreSQL restarted": stage.restart_database,
                "PostgreSQL killed": stage.kill_database,
                "Dovecot restarted": stage.dovecot.restart,
            }
            acts = dict([list(rare.items())[number // 15 % 3]])
        name = self.dice.choice(list(acts))
        acts[name]()
        self.disturbances[name] += 1

    # -- and then

    def _come_to_rest(self) -> None:
        """All processes run, nothing else breaks, waits are over: everything must end by itself."""
        stage = self.stage

        def rests() -> bool:
            self._ready()
            stage.pass_time()
            [(kept,)] = stage.query("SELECT count(*) FROM intake_inboundemail")
            time.sleep(0.3)
            return kept == self.delivered and stage.query(UNFINISHED) == [(0, 0)]

        try:
            wait_for(rests, "everything to come to rest", 120)
        except AssertionError as error:  # the checker says what is missing
            logs = "\n".join(one.log()[-3000:] for one in stage.processes)
            self.say(f"{error}: {stage.query(UNFINISHED)}\n{logs}")

    def _start_again(self, process: Process, crash_at: str = "") -> None:
        gone = process.pid
        process.start(crash_at)
        if process.command == "watch" and gone:  # its lease is over, as if ten seconds had passed
            self.stage.query(
                "UPDATE mailboxes_mailbox SET lease_until = now() - interval '1 second' WHERE lease_holder LIKE %s",
                f"%:{gone}:%",
            )
            self.stage.query("SELECT pg_notify('caseway_doorbell', 'mailboxes')")

    def _deliver(self, count: int) -> None:
        for _ in range(max(0, count)):
            letter = next(self.letters)
            self.stage.deliver(letter.to, letter.raw)
            self.delivered += 1

    def _note(self, what: str) -> None:
        self.say(f"{time.monotonic() - self.began:6.1f} s  {what}")

    def _describe(self, report: Report) -> None:
        steps = [one for one in (*WATCH_POINTS, *WORKER_POINTS) if self.kills[one]]
        self.say("")
        self.say(f"killed at {len(steps)} named steps and {self.kills['at random']} random moments")
        self.say(", ".join(f"{count} × {name}" for name, count in sorted(self.disturbances.items())))
        self.say("SMTP: " + ", ".join(f"{count} × {name}" for name, count in sorted(self.stage.sink.used.items())))
        for line in report.lines:
            self.say(line)
        self.say(f"tracebacks in the logs: {self.errors.total()}")
        for error, count in self.errors.most_common(10):
            self.say(f"  {count} × {error}")
        for line in report.wrong:
            self.say(f"WRONG: {line}")
        self._note("nothing lost, nothing twice" if not report.wrong else "this must not be")


def main() -> int:
    parser = argparse.ArgumentParser(prog="bin/chaos", description=__doc__)
    standard = Options()
    parser.add_argument("--mails", type=int, default=standard.mails, help="default %(default)s")
    parser.add_argument("--kills", type=int, default=standard.kills, help="at random moments; default %(default)s")
    parser.add_argument("--seed", type=int, default=standard.seed, help="same seed, same choices")
    parser.add_argument("--minutes", type=float, default=standard.minutes, help="spread the kills over so long")
    given = parser.parse_args()
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    return 1 if Run(Options(**vars(given))).perform().wrong else 0


if __name__ == "__main__":
    sys.exit(main())
