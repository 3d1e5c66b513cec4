"""What every test may use: real servers, a real database, a real browser."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone, translation

from tests.fixtures import arrive, company  # noqa: F401
from tests.servers.browser import browser, new_page, page  # noqa: F401
from tests.servers.database import (  # noqa: F401
    database_server,
    database_url,
    django_db_modify_db_settings,
    django_db_setup,
    stop_unused_server,
)
from tests.servers.fixtures import (  # noqa: F401
    authority,
    dovecot,
    dovecot_without_idle,
    make_smtp_server,
    own_dovecot,
    smtp_server,
)
from tests.servers.live import live_app, live_web  # noqa: F401

_files = Path(tempfile.mkdtemp(prefix="caseway-files-"))


def pytest_configure(config: pytest.Config) -> None:
    """Files that the tests make go to a folder of their own; mail servers on this machine may be talked to."""
    for storage in settings.STORAGES.values():
        if "location" in storage.get("OPTIONS", {}):
            storage["OPTIONS"]["location"] = _files / storage["OPTIONS"]["location"].name
    settings.CASEWAY_PRIVATE_HOSTS = ["127.0.0.0/8", "::1/128"]
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # the slow one has its own test


@pytest.fixture(autouse=True, scope="session")
def _patient_search() -> None:
    """What a search finds may not depend on how busy the machine is."""
    from caseway.cases.search import index

    index.BUDGET = index.PATIENTLY


@pytest.fixture(autouse=True)
def _nobody_is_present(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker of an earlier test leaves its number behind in the process, and would be taken for the claimant."""
    from caseway.accounts import presence

    monkeypatch.setattr(presence, "_number", None)


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    """A page that a test asked for leaves its reader's language and time zone behind in the thread."""
    yield
    translation.activate(settings.LANGUAGE_CODE)
    timezone.deactivate()


def pytest_unconfigure(config: pytest.Config) -> None:
    shutil.rmtree(_files, ignore_errors=True)
    if not hasattr(config, "workerinput"):
        stop_unused_server()
