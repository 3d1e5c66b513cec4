"""A real Dovecot on free loopback ports, as root or as an ordinary user, with its own folder and users."""

import imaplib
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.servers.certificates import Certificate
from tests.servers.ports import free_port, listens
from tests.servers.waiting import wait_for

PROGRAM = shutil.which("dovecot") or ("/usr/sbin/dovecot" if Path("/usr/sbin/dovecot").exists() else None)

CONFIGURATION = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
auth_verbose = yes
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{chain}
ssl_key = <{key}
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
auth_cache_size = 0
mail_location = maildir:~/Maildir
mail_max_userip_connections = 1000
mailbox_list_index = no
mmap_disable = no
first_valid_uid = 1
{users}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {folder}/users/%u
}}
userdb {{
  driver = static
  args = uid={mail_user} gid={mail_group} home={folder}/mail/%u
}}
namespace inbox {{
  inbox = yes
  mailbox Sent {{
    auto = create
    special_use = \\Sent
  }}
}}
service imap-login {{
  chroot =
  service_count = 0
  process_min_avail = 1
  client_limit = 2000
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
  }}
}}
service imap {{
  process_limit = 2000
  client_limit = 1
}}
service anvil {{
  chroot =
  client_limit = 5000
  unix_listener anvil-auth-penalty {{  # no growing delay after wrong passwords
    mode = 0
  }}
}}
service auth {{
  client_limit = 5000
}}
service stats {{
  chroot =
  client_limit = 5000
}}
"""

CAPABILITY_WITHOUT_IDLE = (
    "imap_capability = IMAP4rev1 LITERAL+ SASL-IR UIDPLUS MOVE SPECIAL-USE NAMESPACE ENABLE UNSELECT"
)


@dataclass(frozen=True, slots=True)
class Stored:
    """A message as the server keeps it; its flags without \\Recent, which belongs to a session."""

    uid: int
    flags: tuple[str, ...]
    raw: bytes


class Dovecot:
    """Use as a context manager. `port` speaks IMAP with STARTTLS, `tls_port` speaks TLS from the first byte.

    `idle=False` makes a server that does not offer IDLE. Users are added while it runs. The same object can be
    stopped and started again: ports, users and mail stay.
    """

    host = "localhost"

    def __init__(self, certificate: Certificate, *, idle: bool = True, extra: str = "") -> None:
        if PROGRAM is None:
            raise RuntimeError("Dovecot is missing: apt-get install dovecot-imapd (bin/test does it when root)")
        self.folder = Path(tempfile.mkdtemp(prefix="caseway-dovecot-"))
        self.folder.chmod(0o755)
        self.certificate, self.idle, self.extra = certificate, idle, extra
        self.port, self.tls_port = free_port(), free_port()
        self.passwords: dict[str, str] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = _mail_owner()

    def __enter__(self) -> "Dovecot":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        """Start it and wait until both ports answer."""
        for _ in range(3):
            self._write_configuration()
            self._process = subprocess.Popen([str(PROGRAM), "-F", "-c", str(self.folder / "dovecot.conf")])
            try:
                wait_for(self._answers_or_died, "Dovecot to answer")
            except AssertionError:
                self.stop()
                raise
            if self._process.poll() is None:
                return
            self.port, self.tls_port = free_port(), free_port()  # somebody was faster: other ports
        raise RuntimeError(f"Dovecot does not start:\n{self.log()}")

    def stop(self) -> None:
        """Stop it as an administrator would; connections of clients end."""
        if self._process is None:
            return
        children = _descendants(self._process.pid)
        self._process.terminate()
        for slow in psutil.wait_procs([psutil.Process(self._process.pid), *children], timeout=1)[1]:
            slow.kill()
        self._process.wait(20)
        self._process = None

    def restart(self) -> None:
        self.stop()
        self.start()

    def cut_connections(self) -> None:
        """Kill the processes that serve signed-in clients, without a BYE; the server goes on."""
        assert self._process is not None
        for child in _descendants(self._process.pid):
            if child.name() == "imap":
                child.kill()

    def add_user(self, address: str, password: str = "correct horse") -> str:
        """Let `address` sign in with `password` from now on; returns the address."""
        # One file each: Dovecot looks at most once a second whether a file that it knows has changed.
        changed = self.passwords.get(address, password) != password
        self.passwords[address] = password
        path = self.folder / "users" / address
        new = path.with_name(f".{address}.new")
        new.write_text(f"{address}:{{PLAIN}}{password}\n")
        new.chmod(0o644)
        new.replace(path)
        if changed:
            wait_for(lambda: self._signs_in(address), "Dovecot to read the new password")
        return address

    def deliver(self, address: str, raw: bytes, folder: str = "INBOX") -> int:
        """Put `raw` into the mailbox over IMAP, byte for byte with CRLF line ends. Returns its UID."""
        with self.connect(address) as imap:
            if folder != "INBOX":
                imap.create(folder)
            status, answer = imap.append(folder, "", imaplib.Time2Internaldate(time.time()), raw)
            assert status == "OK", answer
            return int(answer[0].split(b"APPENDUID ")[1].split()[1].rstrip(b"]"))

    def messages(self, address: str, folder: str = "INBOX") -> list[Stored]:
        """Everything in the folder, oldest first, read without changing a flag."""
        with self.connect(address) as imap:
            status, answer = imap.select(folder, readonly=True)
            if status != "OK":
                return []
            status, answer = imap.uid("FETCH", "1:*", "(UID FLAGS BODY.PEEK[])")
            assert status == "OK", answer
            return [_stored(item) for item in answer if isinstance(item, tuple)]

    def connect(self, address: str) -> imaplib.IMAP4:
        """A signed-in connection."""
        imap = imaplib.IMAP4("127.0.0.1", self.port, timeout=20)
        imap.login(address, self.passwords[address])
        return imap

    def forget_uids(self, address: str, folder: str = "INBOX") -> None:
        """What a restored or migrated server does: the same mail under a new UIDVALIDITY."""
        maildir = self.folder / "mail" / address / "Maildir"
        if folder != "INBOX":
            maildir = maildir / f".{folder}"
        for path in maildir.glob("dovecot*"):
            if path.is_file():
                path.unlink()

    def log(self) -> str:
        path = self.folder / "dovecot.log"
        return path.read_text(errors="replace") if path.exists() else "(no log was written)"

    def _answers_or_died(self) -> bool:
        assert self._process is not None
        return self._process.poll() is not None or (listens(self.port) and listens(self.tls_port))

    def _write_configuration(self) -> None:
        user, group = self._owner
        mail = self.folder / "mail"
        mail.mkdir(exist_ok=True)
        (self.folder / "users").mkdir(exist_ok=True)
        users = ""
        if os.geteuid() == 0:
            shutil.chown(mail, user, group)
        else:  # without root every process runs as this user
            users = f"default_internal_user = {user}\ndefault_login_user = {user}\ndefault_internal_group = {group}"
        text = CONFIGURATION.format(
            folder=self.folder,
            chain=self.certificate.chain,
            key=self.certificate.key,
            users=users,
            mail_user=user,
            mail_group=group,
            port=self.port,
            tls_port=self.tls_port,
        )
        text += "" if self.idle else CAPABILITY_WITHOUT_IDLE + "\n"
        (self.folder / "dovecot.conf").write_text(text + self.extra + "\n")

    def _signs_in(self, address: str) -> bool:
        try:
            self.connect(address).logout()
        except imaplib.IMAP4.error:
            return False
        return True


def _mail_owner() -> tuple[str, str]:
    """User and group that own the mail: Dovecot refuses to serve mail as root."""
    import grp

    account = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    return account.pw_name, grp.getgrgid(account.pw_gid).gr_name


def _descendants(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _stored(item: tuple[bytes, bytes]) -> Stored:
    head, raw = item
    uid = int(head.split(b"UID ")[1].split()[0])
    return Stored(uid, tuple(flag.decode() for flag in imaplib.ParseFlags(head) if flag != rb"\Recent"), raw)
