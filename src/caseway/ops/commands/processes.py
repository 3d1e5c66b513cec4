"""`caseway up`, `web`, `worker`, `watch` and `lmtp`: the processes that stay."""

from __future__ import annotations

import logging
import subprocess
import threading
from typing import Annotated

import typer

from caseway.ops import configuration
from caseway.ops.commands.database import (
    database,
    database_kept,
    prepare_data_folder,
    require_migrated,
    running_database,
    set_up_django,
)
from caseway.ops.commands.errors import CommandError
from caseway.ops.supervisor import (
    AlreadyRunning,
    Child,
    Supervisor,
    only_one,
    signals_set,
    this_program,
    wait_until_free,
)


def up() -> None:
    """Run everything: web server, worker and watcher, with an embedded database unless DATABASE_URL is set."""
    data = prepare_data_folder()
    try:
        with only_one(data):
            require_free(*listen_address())
            with database(alone=True):
                run_step("migrate")
                supervisor = Supervisor(processes(), data / "logs", echo=typer.echo)
                with signals_set(supervisor.stop), database_kept(supervisor.stop):
                    supervisor.start()
                    typer.echo(f"Caseway runs on {configuration.URL.value()} (Ctrl-C stops it)")
                    supervisor.run()
    except AlreadyRunning as error:
        raise CommandError(str(error), "Stop it first, or give this one its own CASEWAY_DATA.") from error


def processes() -> list[Child]:
    """The three processes of Caseway, as children of a supervisor."""
    return [Child(name, this_program(name)) for name in ("web", "worker", "watch")]


def run_step(*arguments: str) -> None:
    """Run `caseway ARGUMENTS` to its end. Raises CommandError when it failed; what it said is on the screen."""
    done = subprocess.run(this_program(*arguments), check=False)
    if done.returncode:
        raise CommandError(f"`caseway {' '.join(arguments)}` did not succeed (see above).", code=done.returncode)


def require_free(host: str, port: int) -> None:
    """Raises CommandError that names who holds the port."""
    if holder := wait_until_free(port):
        raise CommandError(
            f"Port {port} is taken by {holder}.",
            f"Stop it, or choose another: CASEWAY_LISTEN={host}:{port + 1} CASEWAY_URL=http://localhost:{port + 1}",
        )


def listen_address() -> tuple[str, int]:
    """Host and port of CASEWAY_LISTEN. Raises CommandError when it is not of the form host:port."""
    host, colon, port = configuration.LISTEN.value().rpartition(":")
    if not colon or not port.isdigit() or not 0 < int(port) < 65536:
        raise CommandError(f"CASEWAY_LISTEN must be host:port, not “{configuration.LISTEN.value()}”.")
    return host.strip("[]"), int(port)


def web(reload: Annotated[bool, typer.Option("--reload", help="Start anew when a file changes.")] = False) -> None:
    """Serve the pages and the API."""
    import uvicorn

    host, port = listen_address()
    running_database()
    set_up_django()
    require_migrated()
    uvicorn.run(
        "caseway.ops.asgi:application",
        host=host,
        port=port,
        reload=reload,
        reload_includes=["*.html"] if reload else None,
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=3,  # seconds; live pages hold their connection until they are told to go
        proxy_headers=configuration.TRUSTED_PROXY.is_on(),
        forwarded_allow_ips="*" if configuration.TRUSTED_PROXY.is_on() else None,
    )


def worker() -> None:
    """Turn kept mail into cases, send what is queued, run diagnoses."""
    _ready()
    from caseway.ops.worker import Worker, duties

    stop = threading.Event()
    with signals_set(stop):
        Worker(duties(configuration.WORKERS.number()), stop).run()


def watch() -> None:
    """Watch the connected mailboxes and keep what arrives."""
    _ready()
    from caseway.ops.watcher import watch as watch_mailboxes

    stop = threading.Event()
    with signals_set(stop):
        watch_mailboxes(stop)


def lmtp(
    listen: Annotated[str, typer.Option("--listen", help="host:port, or the path of a Unix socket.")] = "",
    smtp: Annotated[bool, typer.Option("--smtp", help="Speak SMTP instead of LMTP.")] = False,
    organisation: Annotated[str, typer.Option("--organisation", help="Take mail for this one only (short name).")] = "",
    any_recipient: Annotated[
        bool, typer.Option("--any-recipient", help="Take mail to every address; needs --organisation.")
    ] = False,
    mode: Annotated[str, typer.Option("--mode", help="Rights of the Unix socket, octal.")] = "660",
) -> None:
    """Take mail from a mail server by LMTP. It is told that a mail is taken when it cannot be lost any more."""
    import asyncio

    listen = listen or configuration.LMTP_LISTEN.value()
    place = _place(listen)
    rights = int(mode, 8) if mode.isdigit() and set(mode) <= set("01234567") else -1
    if not 0 <= rights <= 0o777:
        raise CommandError(f"--mode must be octal, such as 660, not “{mode}”.", code=2)
    if any_recipient and not organisation:
        raise CommandError("--any-recipient needs --organisation.", "Say whose mail all of it is.", code=2)
    _ready()
    from caseway.ops.commands.organisations import find_organisation
    from caseway.ops.lmtp import take_mail

    only = find_organisation(organisation) if organisation else None
    try:
        asyncio.run(take_mail(place, rights, only, takes_all=any_recipient, speaks_smtp=smtp))
    except OSError as error:
        raise CommandError(f"{listen} cannot be listened on: {error}", "Choose another with --listen.") from error


def _place(listen: str) -> tuple[str, int]:
    """(host, port), or (path, 0) of a Unix socket."""
    if "/" in listen:
        return listen.removeprefix("unix:"), 0
    host, colon, port = listen.rpartition(":")
    if not colon or not port.isdigit() or not 0 < int(port) < 65536:
        raise CommandError(f"--listen must be host:port or a path, not “{listen}”.", code=2)
    return host.strip("[]"), int(port)


def _ready() -> None:
    running_database()
    set_up_django()
    require_migrated()
    logging.getLogger("caseway").info("started")
