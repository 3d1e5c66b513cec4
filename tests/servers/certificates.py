"""A certificate authority for the tests, and the broken certificates that a mail server in the wild may show."""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import trustme


@dataclass(frozen=True, slots=True)
class Certificate:
    """Paths of PEM files: `chain` (server certificate with its issuers) and `key`."""

    chain: Path
    key: Path

    def server_context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.chain, self.key)
        return context


class TestAuthority:
    """Issues certificates into `folder`. `ca_file` is what a client trusts (SSL_CERT_FILE, `cafile=`)."""

    __test__ = False

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._numbers = count(1)
        self._authority = trustme.CA(organization_name="Caseway tests")
        self.ca_file = folder / "ca.pem"
        self._authority.cert_pem.write_to_path(str(self.ca_file))

    def issue(self, name: str, *hosts: str, not_after: datetime | None = None) -> Certificate:
        """A certificate for `hosts` (localhost and 127.0.0.1 when none are given), in files of its own.

        Never in files that were there before: a server that runs reads its own again for each new process.
        """
        issued = self._authority.issue_cert(*(hosts or ("localhost", "127.0.0.1")), not_after=not_after)
        return _write(issued, self.folder, f"{name}-{next(self._numbers)}")

    def good(self) -> Certificate:
        return self.issue("good")

    def expired(self) -> Certificate:
        """Valid until yesterday."""
        return self.issue("expired", not_after=datetime.now(UTC) - timedelta(days=1))

    def other_host(self) -> Certificate:
        """In order, but for another name."""
        return self.issue("other-host", "mail.elsewhere.example")

    def foreign(self) -> Certificate:
        """Issued by an authority that nobody trusts."""
        stranger = trustme.CA(organization_name="Somebody else").issue_cert("localhost", "127.0.0.1")
        return _write(stranger, self.folder, f"foreign-{next(self._numbers)}")

    def client_context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.ca_file))


def _write(issued: trustme.LeafCert, folder: Path, name: str) -> Certificate:
    chain, key = folder / f"{name}.pem", folder / f"{name}.key"
    chain.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(str(key))
    return Certificate(chain, key)
