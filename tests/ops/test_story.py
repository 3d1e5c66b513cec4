"""The sample company's six weeks: told once, in their own time, by real mails and real verbs."""

import datetime
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.utils import timezone

from caseway.accounts.models import Organisation
from caseway.accounts.scope import every_organisation, organisation_scope
from caseway.cases.models import Case, Event, Message
from caseway.intake.models import InboundEmail, InboundState
from caseway.intake.process import process_pending
from caseway.intake.receive import receive_piped
from caseway.ops import demo_company
from caseway.ops.demo_site import DemoSite
from caseway.ops.sample import leave_numbers_free
from caseway.ops.story import plan, run, texts
from caseway.outbound.models import OutboundEmail, OutboundState
from tests.servers.smtp import SmtpServer

END = datetime.datetime(2026, 11, 20, 12, tzinfo=datetime.UTC)


@pytest.mark.parametrize("name", ["english.txt", "languages.txt", "parker.txt"])
def test_the_texts_are_whole(name: str) -> None:
    languages = {one.language for one in texts.people()}
    for scenario in texts.scenarios(name):
        assert scenario.subjects, scenario.key
        assert scenario.turns[0].who == "customer", scenario.key
        assert scenario.turns[-1].who in {"customer", "team", "note"}, scenario.key
        assert scenario.ends in {"closed", "waiting"}, scenario.key
        assert scenario.team in plan.AGENTS, scenario.key
        assert scenario.priority in {"low", "normal", "high", "urgent"}, scenario.key
        assert scenario.language in languages, scenario.key
        assert all(text.strip() for turn in scenario.turns for text in turn.texts), scenario.key


def test_the_plan_is_the_same_each_time_and_in_order() -> None:
    talks, steps = plan.story(END, run.SIZE)
    again, steps_again = plan.story(END, run.SIZE)
    assert steps == steps_again
    assert [talk.texts for talk in talks] == [talk.texts for talk in again]
    assert 280 <= len(talks) <= plan.DAYS * 10
    assert [step.at for step in steps] == sorted(step.at for step in steps)
    assert END - datetime.timedelta(days=plan.DAYS + 1) < steps[0].at
    assert steps[-1].at < END
    assert "Parker Ehlers" in {talk.person.name for talk in talks}
    assert not any("{" in talk.subject + "".join(talk.texts) for talk in talks)
    assert len({talk.person.language for talk in talks}) >= 8
    kinds = Counter(step.kind for step in steps)
    assert set(kinds) == {"mail", "sort", "team", "customer", "note", "end", "twice", "away", "bounce"}


def test_the_team_works_by_day_and_not_on_sundays() -> None:
    for step in plan.story(END)[1]:
        if step.kind in {"team", "sort", "note", "end"}:
            local = step.at.astimezone(plan.ZONE)
            assert local.weekday() < 5
            assert 8 <= local.hour < 18


@pytest.fixture
def site(transactional_db: None, database_url: str, smtp_server: SmtpServer, tmp_path: Path) -> Iterator[DemoSite]:
    """A demo company with a mail server, and the table that its story stands in."""
    site = DemoSite(tmp_path, 8000, "amber-otter-4471", "cw_token", "secret", smtp_server.port, 1)
    demo_company.set_up(site)
    leave_numbers_free()
    with psycopg.connect(database_url, autocommit=True) as owner:
        run.make_table(owner, settings.CASEWAY_DATABASE_ROLE)
        yield site
        owner.execute("DROP TABLE demo_story")


@pytest.fixture
def organisation(site: DemoSite) -> Organisation:
    with every_organisation():
        return Organisation.objects.get()


def state() -> dict[str, object]:
    return {
        "cases": list(Case.objects.order_by("number").values_list("number", "subject", "status", "created_at")),
        "messages": list(Message.objects.order_by("pk").values_list("message_identifier", "created_at")),
        "events": Event.objects.count(),
    }


@pytest.mark.timeout(900)  # forty steps, each a transaction with real mail, on a machine that does other things too
def test_a_piece_of_it_is_told_in_its_own_time_and_once(
    site: DemoSite, organisation: Organisation, smtp_server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = timezone.now()
    assert run.tell(site.folder, size=0.01, most=30) == 30
    assert abs(timezone.now() - started) < datetime.timedelta(hours=1), "the clock is put back"
    with organisation_scope(organisation.pk):
        assert Case.objects.count() > 3
        assert set(InboundEmail.objects.values_list("state", flat=True)) <= {
            InboundState.DELIVERED,
            InboundState.IGNORED,
        }
        assert set(OutboundEmail.objects.values_list("state", flat=True)) == {OutboundState.SENT}
        for model, field in ((Case, "created_at"), (Message, "created_at"), (Event, "created_at")):
            newest = model.objects.order_by(f"-{field}").values_list(field, flat=True)[0]
            assert newest < started - datetime.timedelta(hours=plan.QUIET_HOURS), model
        assert not Message.objects.filter(sent_at__gt=started - datetime.timedelta(hours=plan.QUIET_HOURS)).exists()
        assert not OutboundEmail.objects.filter(sent_at__gt=started - datetime.timedelta(days=1)).exists()
        assert Message.objects.filter(direction="out", is_automatic=False).exists()
        assert max(Case.objects.values_list("number", flat=True)) <= run.OPENING
        before = state()
    addresses = {recipient for one in smtp_server.accepted for recipient in one.recipients}
    assert addresses
    assert all(address.endswith((".example", "@example.org", "@example.com", "@example.net")) for address in addresses)

    def breaks(number: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:  # ends in the middle of a step
        patch.setattr(run, "_write_down", breaks)
        with pytest.raises(KeyboardInterrupt):
            run.tell(site.folder, size=0.01, most=5)
    with organisation_scope(organisation.pk):
        assert state() == before
    assert run.tell(site.folder, size=0.01, most=10) == 10
    with organisation_scope(organisation.pk):
        identifiers = Message.objects.exclude(message_identifier="").values_list("message_identifier", flat=True)
        assert max(Counter(identifiers).values()) == 1
    assert json.loads((site.folder / run.PROGRESS).read_text())["done"] == 40


def test_a_case_that_comes_meanwhile_has_a_number_behind(
    site: DemoSite, organisation: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    from caseway.cases.opening import open_by_hand

    run.tell(site.folder, size=0.01, most=3)
    with organisation_scope(organisation.pk):
        case = open_by_hand(organisation, by=None, subject="Today")
        assert case.number == run.OPENING + 1
        assert timezone.now() - case.created_at < datetime.timedelta(minutes=5)


def test_mail_that_comes_meanwhile_is_left_to_the_installation(site: DemoSite, organisation: Organisation) -> None:
    raw = b"From: Nora <nora@elsewhere.example>\r\nTo: support@demo.localhost\r\nSubject: Today\r\n\r\nHello\r\n"
    waiting = receive_piped(organisation, raw, "support@demo.localhost")
    run.tell(site.folder, size=0.01, most=3)
    with organisation_scope(organisation.pk):
        waiting.refresh_from_db()
        assert waiting.state == InboundState.PENDING
        assert Case.objects.exists()
        process_pending()
        case = Case.objects.get(subject="Today")
        assert case.number == run.OPENING + 1
        assert timezone.now() - case.created_at < datetime.timedelta(minutes=5)


def test_progress_is_told_to_the_pages(site: DemoSite, monkeypatch: pytest.MonkeyPatch) -> None:
    from caseway.web import context

    monkeypatch.setattr(context.settings, "CASEWAY_DEMO", True)
    monkeypatch.setattr(context.settings, "DATA", site.folder)
    assert context.sample_progress() is None
    (site.folder / run.PROGRESS).write_text('{"done": 5, "total": 20, "is_over": false}')
    found = context.sample_progress()
    assert found is not None
    assert found["percent"] == 25
    (site.folder / run.PROGRESS).write_text("half a fi")
    assert context.sample_progress() is None
