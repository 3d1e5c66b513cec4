"""Every setting that an operator can make, declared once: name, default and meaning.

`caseway settings` prints this table; nothing else in Caseway reads the environment.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Setting:
    """One environment variable. A default of '' means: not set."""

    name: str
    default: str
    meaning: str
    is_secret: bool = False

    def value(self) -> str:
        """The text that is in force: the environment's, or the default."""
        return os.environ.get(self.name, "").strip() or self.default

    def is_on(self) -> bool:
        """Read as a switch: 1, true, yes and on (any case) mean on."""
        return self.value().lower() in {"1", "true", "yes", "on"}

    def items(self) -> list[str]:
        """Read as a list separated by commas or white space."""
        return self.value().replace(",", " ").split()

    def number(self) -> int:
        """Read as a whole number.

        Raises ConfigurationError that names the variable when it is not one.
        """
        try:
            return int(self.value())
        except ValueError:
            raise ConfigurationError(f"{self.name} must be a whole number, not “{self.value()}”.") from None

    def numbers(self) -> dict[str, int]:
        """Read as `name=number` pairs; names that are left out have the default's number.

        Raises ConfigurationError that names the variable when a name is unknown or a number is none.
        """
        found = dict(pair.partition("=")[::2] for pair in self.default.split())
        for pair in self.items():
            name, _, number = pair.partition("=")
            if name not in found or not number.isdigit():
                raise ConfigurationError(f"{self.name} must look like “{self.default}”; “{pair}” cannot be read.")
            found[name] = number
        return {name: int(number) for name, number in found.items()}


class ConfigurationError(Exception):
    """A setting cannot be used. The text says which one and what it should look like."""


DATA = Setting("CASEWAY_DATA", "var", "Folder for the key file, large mails, and the embedded database.")
DATABASE_URL = Setting(
    "DATABASE_URL",
    "",
    "PostgreSQL 15 or newer, postgresql://user:password@host:5432/name. Unset: an embedded server in CASEWAY_DATA.",
    is_secret=True,
)
DATABASE_ROLE = Setting(
    "CASEWAY_DATABASE_ROLE",
    "caseway_app",
    "Plain role that everything but `caseway migrate` works as; row-level security holds for it.",
)
DATABASE_POOL = Setting("CASEWAY_DATABASE_POOL", "20", "Most connections to the database that one process opens.")
URL = Setting("CASEWAY_URL", "http://localhost:8000", "Address that people reach Caseway under; links in mail use it.")
HOSTS = Setting("CASEWAY_HOSTS", "", "Further host names that the web server answers to.")
LISTEN = Setting("CASEWAY_LISTEN", "127.0.0.1:8000", "Host and port that `caseway web` listens on.")
TRUSTED_PROXY = Setting(
    "CASEWAY_TRUSTED_PROXY", "off", "On behind a reverse proxy that sets X-Forwarded-Proto and X-Forwarded-For itself."
)
DEBUG = Setting("CASEWAY_DEBUG", "off", "On while developing only: pages with tracebacks, templates read anew.")
LANGUAGE = Setting("CASEWAY_LANGUAGE", "en", "Language of people who have not chosen one.")
TIME_ZONE = Setting("CASEWAY_TIME_ZONE", "UTC", "Time zone of people who have not chosen one, such as Europe/Berlin.")
PRIVATE_HOSTS = Setting(
    "CASEWAY_PRIVATE_HOSTS",
    "",
    "Networks on the inside that mail servers may be in, such as 10.0.0.0/8 or 127.0.0.0/8; on any port. "
    "Others on the inside are refused.",
)
CA_FILE = Setting("CASEWAY_CA_FILE", "", "PEM file with further certificate authorities to trust for mail servers.")
SMTP_URL = Setting(
    "CASEWAY_SMTP_URL",
    "",
    "The system's own outgoing server: smtp://user:password@host:587 (STARTTLS), smtps://host:465, "
    "or smtp+plain://127.0.0.1:25. Used where an address has none of its own.",
    is_secret=True,
)
SYSTEM_ADDRESS = Setting(
    "CASEWAY_SYSTEM_ADDRESS", "caseway@localhost", "From address of invitations, password links and alarms."
)
METRICS_TOKEN = Setting(
    "CASEWAY_METRICS_TOKEN", "", "Bearer token for /metrics. Unset: /metrics answers this machine only.", is_secret=True
)
WORKERS = Setting("CASEWAY_WORKERS", "2", "Threads of one worker process that turn mail into cases.")
POLL_SECONDS = Setting("CASEWAY_POLL_SECONDS", "60", "Seconds between looks into mailboxes whose server has no IDLE.")
LARGEST_MAIL = Setting("CASEWAY_LARGEST_MAIL", "52428800", "Bytes above which only a mail's head and text are fetched.")
SENDING_PER_HOUR = Setting(
    "CASEWAY_SENDING_PER_HOUR",
    "2000",
    "Mails of one organisation within an hour after which its sending stops until an administrator resumes it; 0: any.",
)
LARGEST_REST = Setting(
    "CASEWAY_LARGEST_REST",
    "67108864",
    "Bytes up to which the rest of a larger mail is fetched when a person asks for it; at most the default. Reading "
    "needs about four times as much memory.",
)
LMTP_LISTEN = Setting(
    "CASEWAY_LMTP_LISTEN", "127.0.0.1:2400", "Where `caseway lmtp` listens: host:port, or the path of a Unix socket."
)
ACKNOWLEDGEMENTS_PER_HOUR = Setting(
    "CASEWAY_ACKNOWLEDGEMENTS_PER_HOUR",
    "address=10 domain=10 mailbox=100",
    "Most acknowledgements to one address, to first-time senders of one domain, and to first-time senders through one "
    "mailbox. What is left out keeps its default.",
)
AS_OWNER = Setting(
    "CASEWAY_AS_OWNER",
    "off",
    "Set by `caseway migrate` for itself: work as the database's owner, not as the plain role.",
)
CRASH_AT = Setting(
    "CASEWAY_CRASH_AT", "", "For the tests of this program: the step at which a process ends itself (bin/chaos)."
)
SERVER_TIMING = Setting(
    "CASEWAY_SERVER_TIMING",
    "off",
    "On: every page tells in a Server-Timing header how long it took, in the database too, and with how many queries.",
)
DEMO = Setting("CASEWAY_DEMO", "off", "On in the demo: its first page shows the sign-in and sends test mail.")

SETTINGS: tuple[Setting, ...] = tuple(value for value in list(globals().values()) if isinstance(value, Setting))


def data_directory() -> Path:
    """The folder of CASEWAY_DATA, absolute; made with mode 0700 when missing."""
    path = Path(DATA.value()).expanduser().resolve()
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path
