"""What every test may use: real servers, a real database, a real browser."""

from tests.servers.fixtures import (  # noqa: F401
    authority,
    dovecot,
    dovecot_without_idle,
    make_smtp_server,
    own_dovecot,
    smtp_server,
)
