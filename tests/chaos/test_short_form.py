"""bin/chaos in its short form: every named step once, some random kills, every fault, and nothing lost or repeated."""

from caseway.accounts.crash_points import POINTS
from tests.chaos.run import Options, Run


def test_nothing_is_lost_or_sent_twice_while_everything_dies() -> None:
    said: list[str] = []
    run = Run(Options(mails=60, kills=15, seed=3, minutes=0), said.append)
    report = run.perform()
    assert not report.wrong, "\n".join(said)
    assert set(POINTS) <= set(run.kills), "\n".join(said)
