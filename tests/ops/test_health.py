"""/health and /metrics: what monitors are told."""

import datetime
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from caseway.accounts.models import Heartbeat, Organisation
from caseway.accounts.scope import every_organisation
from caseway.intake.models import InboundEmail
from caseway.mailboxes.models import Mailbox, RawEmail
from caseway.outbound.models import OutboundEmail, OutboundKind

pytestmark = pytest.mark.django_db


@pytest.fixture
def organisation() -> Organisation:
    with every_organisation():
        return Organisation.objects.create(name="Fieldnote", slug="fieldnote")


@pytest.fixture
def alive() -> None:
    Heartbeat.beat("worker", "one")
    Heartbeat.beat("watch", "one")


def health(client: Client) -> tuple[int, dict[str, Any]]:
    answer = client.get("/health")
    return answer.status_code, answer.json()


def minutes_ago(minutes: float) -> datetime.datetime:
    return timezone.now() - datetime.timedelta(minutes=minutes)


def test_all_is_well(client: Client, alive: None) -> None:
    status, body = health(client)
    assert (status, body["status"], body["problems"]) == (200, "ok", [])
    assert body["worker"]["heartbeat_age_seconds"] < 60


def test_missing_processes_are_named(client: Client) -> None:
    status, body = health(client)
    assert status == 503
    assert body["problems"] == ["no worker is running", "no watcher is running"]


def test_silent_watcher_is_a_problem_also_beside_old_ones(client: Client, alive: None) -> None:
    Heartbeat.objects.filter(kind="watch").update(seen_at=minutes_ago(5))
    status, body = health(client)
    assert status == 503
    assert body["problems"][0].startswith("the watcher was last heard 3")


def test_mail_that_waits_too_long_is_a_problem(client: Client, alive: None, organisation: Organisation) -> None:
    with every_organisation():
        raw = RawEmail.prepare(organisation.pk, b"Subject: x\r\n\r\n").keep()
        InboundEmail.objects.create(organisation=organisation, raw=raw, next_attempt_at=minutes_ago(6))
        OutboundEmail.objects.create(
            organisation=organisation, kind=OutboundKind.REPLY, raw=raw, recipients=["a@b.example"],
            message_identifier="<1@x>", send_at=minutes_ago(20),
        )  # fmt: skip
    status, body = health(client)
    assert status == 503
    assert len(body["problems"]) == 2
    assert body["intake"]["pending"] == body["outbox"]["due"] == 1


def test_one_mailbox_with_an_error_does_not_take_the_service_down(
    client: Client, alive: None, organisation: Organisation
) -> None:
    with every_organisation():
        Mailbox.objects.create(
            organisation=organisation, address="a@b.example", login="a", imap_host="b", error_cause="Wrong password"
        )
    status, body = health(client)
    assert (status, body["status"], body["mailboxes"]["down"]) == (200, "degraded", 1)
    assert "b.example" not in str(body)


def test_metrics_answer_this_machine_only_unless_there_is_a_token(client: Client, alive: None, settings: Any) -> None:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert "caseway_database_up 1.0" in answer.content.decode()
    assert "caseway_mailboxes_down 0.0" in answer.content.decode()
    assert client.get("/metrics", REMOTE_ADDR="192.0.2.7").status_code == 403
    assert client.get("/metrics", headers={"X-Forwarded-For": "192.0.2.7"}).status_code == 403, "a proxy is local too"

    settings.CASEWAY_METRICS_TOKEN = "secret"
    assert client.get("/metrics").status_code == 403
    assert client.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 403
    remote = client.get("/metrics", REMOTE_ADDR="192.0.2.7", headers={"Authorization": "Bearer secret"})
    assert remote.status_code == 200


def test_settings_are_the_tests_own() -> None:
    assert "caseway-files-" in str(settings.STORAGES["raw"]["OPTIONS"]["location"])
