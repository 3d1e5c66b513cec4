"""Fixtures that start real servers: Dovecot and SMTP with and without TLS."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.servers.certificates import TestAuthority
from tests.servers.dovecot import Dovecot
from tests.servers.smtp import SmtpServer


@pytest.fixture(scope="session")
def authority() -> Iterator[TestAuthority]:
    """The certificate authority that the test servers' certificates come from."""
    # Not below pytest's own temporary folder: another run that begins meanwhile prunes that.
    folder = Path(tempfile.mkdtemp(prefix="caseway-authority-"))
    yield TestAuthority(folder)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def dovecot(authority: TestAuthority) -> Iterator[Dovecot]:
    """A Dovecot with IDLE, shared by the whole run: add a user of your own, with an address of your own."""
    with Dovecot(authority.good()) as server:
        yield server


@pytest.fixture(scope="session")
def dovecot_without_idle(authority: TestAuthority) -> Iterator[Dovecot]:
    """The same, but the server does not offer IDLE: it has to be polled."""
    with Dovecot(authority.good(), idle=False) as server:
        yield server


@pytest.fixture
def own_dovecot(authority: TestAuthority) -> Iterator[Callable[..., Dovecot]]:
    """Make a Dovecot for one test, which may stop, break or misconfigure it: `own_dovecot(idle=…, certificate=…)`."""
    with ExitStack() as stack:

        def start(**options: Any) -> Dovecot:
            return stack.enter_context(Dovecot(options.pop("certificate", None) or authority.good(), **options))

        yield start


@pytest.fixture
def make_smtp_server(authority: TestAuthority) -> Iterator[Callable[..., SmtpServer]]:
    """Make an SMTP server: `make_smtp_server(security="tls", users={"a@b.example": "secret"}, deliver=…)`."""
    with ExitStack() as stack:

        def start(**options: Any) -> SmtpServer:
            return stack.enter_context(SmtpServer(options.pop("certificate", None) or authority.good(), **options))

        yield start


@pytest.fixture
def smtp_server(make_smtp_server: Callable[..., SmtpServer]) -> SmtpServer:
    """A plain SMTP server on the loopback address, without sign-in."""
    return make_smtp_server()
