"""What one demo installation is: its addresses, ports and passwords, remembered in DIR/demo.json."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import socket
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from caseway.ops.supervisor import wait_until_free
from caseway.ops.words import made_password

SUPPORT_ADDRESS = "support@demo.localhost"
CUSTOMER_ADDRESS = "parker@brightwater.example"
SIGN_IN = "maya@fieldnote.example"
OURS = (
    "demo.json",
    "demo.json.new",
    "sample-sent",
    "sample-progress.json",
    "sample-progress.new",
    "secret.key",
    "database",
    "demo-mail",
    "files",
    "mail",
    "static",
    "logs",
)


@dataclass(frozen=True, slots=True)
class DemoSite:
    """Written as DIR/demo.json for people and programs that try the demo. Ports and passwords stay over restarts."""

    folder: Path
    port: int
    password: str
    api_token: str
    mail_password: str
    smtp_port: int
    imap_port: int
    mail_host: str = "127.0.0.1"

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def save(self, database_url: str) -> None:
        """Write demo.json, readable by its owner alone."""
        new = self.folder / "demo.json.new"
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(self._as_json(database_url), file, indent=2)
            file.write("\n")
        new.replace(self.folder / "demo.json")

    def _as_json(self, database_url: str) -> dict[str, Any]:
        return {
            "url": self.url,
            "email": SIGN_IN,
            "password": self.password,
            "api_token": self.api_token,
            "support_address": SUPPORT_ADDRESS,
            "smtp": {"host": self.mail_host, "port": self.smtp_port},
            "imap": {
                "host": self.mail_host,
                "port": self.imap_port,
                "user": SUPPORT_ADDRESS,
                "password": self.mail_password,
            },
            "customer": {"address": CUSTOMER_ADDRESS, "user": CUSTOMER_ADDRESS, "password": self.mail_password},
            "database_url": database_url,
        }


def load(folder: Path) -> DemoSite:
    """The site that was saved. Raises FileNotFoundError when there is none."""
    known = json.loads((folder / "demo.json").read_text())
    return DemoSite(
        folder=folder,
        port=int(known["url"].rsplit(":", 1)[1]),
        password=known["password"],
        api_token=known["api_token"],
        mail_password=known["imap"]["password"],
        smtp_port=known["smtp"]["port"],
        imap_port=known["imap"]["port"],
    )


def load_or_make(folder: Path, port: int) -> DemoSite:
    """The site of `folder` with its remembered ports and passwords, which are made when it is new.

    A remembered mail port that another program has taken meanwhile is replaced by a free one.
    """
    from caseway.ops.demo_mail import read_password

    known = _read(folder / "demo.json")
    smtp_port = _still_free(known.get("smtp", {}).get("port"), avoid={port})
    return DemoSite(
        folder=folder,
        port=port,
        password=str(known.get("password") or made_password()),
        api_token=str(known.get("api_token") or "cw_" + secrets.token_urlsafe(32)),
        mail_password=read_password(folder / "demo-mail"),
        smtp_port=smtp_port,
        imap_port=_still_free(known.get("imap", {}).get("port"), avoid={port, smtp_port}),
    )


def forget(folder: Path) -> None:
    """Throw the demo of `folder` away: what is ours by name, and nothing else that may lie there."""
    from caseway.ops.commands.database import embedded

    embedded(folder).remove()
    for name in OURS:
        path = folder / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def preparation(site: DemoSite) -> str:
    """A fingerprint of all that the database is prepared for: migrations, and what the site puts into it."""
    package = Path(__file__).resolve().parent.parent
    migrations = sorted(str(path.relative_to(package)) for path in package.glob("*/migrations/0*.py"))
    parts = [version("caseway"), version("django"), *migrations, repr(site)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def has_sample(folder: Path) -> bool:
    """Whether every sample mail was sent."""
    return (folder / "sample-sent").is_file() and "all" in (folder / "sample-sent").read_text().split()


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _still_free(port: object, avoid: set[int]) -> int:
    if isinstance(port, int) and port not in avoid and not wait_until_free(port):
        return port
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            found = int(probe.getsockname()[1])
        if found not in avoid:
            return found
