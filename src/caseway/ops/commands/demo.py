"""`caseway demo`: everything on this machine, with a mail server of its own. What `bin/demo` runs once installed."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
import urllib.error
import urllib.request
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Annotated

import typer

from caseway.ops import demo_site
from caseway.ops.commands.database import database, prepare_data_folder
from caseway.ops.commands.errors import CommandError
from caseway.ops.commands.processes import processes
from caseway.ops.story.run import is_over
from caseway.ops.supervisor import AlreadyRunning, Child, Supervisor, die_with, only_one, signals_set, wait_until_free

PATIENCE = 90.0  # seconds for a part to come up on a slow machine


def demo(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the pages.")] = 8000,
    data: Annotated[Path, typer.Option(help="Folder that keeps this demo.")] = Path("var/demo"),
    reset: Annotated[bool, typer.Option("--reset", help="Begin anew: forget everything in the folder.")] = False,
    sample: Annotated[bool, typer.Option("--sample/--no-sample", help="Send sample mails at the first start.")] = True,
    story: Annotated[
        bool, typer.Option("--story/--no-story", help="Fill in the last six weeks of the sample, in the background.")
    ] = True,
    reload: Annotated[bool, typer.Option("--reload", help="For developers: start anew when a file changes.")] = False,
) -> None:
    """Run Caseway with a demo company and a mail server of its own. Nothing leaves this machine."""
    _use_own_settings(data.expanduser().resolve(), port)
    folder = prepare_data_folder()
    try:
        with only_one(folder):
            _run(folder, port, reset=reset, sample=sample, story=sample and story, reload=reload)
    except AlreadyRunning as error:
        raise CommandError(str(error), "Stop it first, or give this one its own: --data DIR --port PORT") from error


def _use_own_settings(folder: Path, port: int) -> None:
    """Whatever the person's environment says: the demo must not touch another installation."""
    for name in [name for name in os.environ if name.startswith("CASEWAY_") and name != "CASEWAY_TRACEBACKS"]:
        del os.environ[name]
    os.environ.pop("DATABASE_URL", None)
    os.environ |= {
        "CASEWAY_DATA": str(folder),
        "CASEWAY_DEMO": "on",
        "CASEWAY_URL": f"http://localhost:{port}",
        "CASEWAY_LISTEN": f"127.0.0.1:{port}",
        "CASEWAY_PRIVATE_HOSTS": "127.0.0.0/8",
        "CASEWAY_SYSTEM_ADDRESS": "caseway@demo.localhost",
    }


def _run(folder: Path, port: int, *, reset: bool, sample: bool, story: bool, reload: bool) -> None:
    if holder := wait_until_free(port):
        raise CommandError(f"Port {port} is taken by {holder}.", f"Stop it, or choose another port: --port {port + 1}")
    if reset:
        _say("forgetting the old demo")
        demo_site.forget(folder)
        prepare_data_folder()
    site = demo_site.load_or_make(folder, port)
    os.environ["CASEWAY_SMTP_URL"] = f"smtp+plain://{site.mail_host}:{site.smtp_port}"
    _say("starting PostgreSQL")
    with database(alone=True) as url:
        site.save(url)
        supervisor = Supervisor([Child("mail", _mail_command(site), serves_others=True)], folder / "logs")
        with signals_set(supervisor.stop):
            supervisor.start()
            try:
                _start_rest(supervisor, site, url, reload=reload)
                if sample and not demo_site.has_sample(folder):
                    _say("sending sample mail")
                    _step("caseway.ops.sample", folder)
                if not supervisor.stop.is_set():
                    _announce(site)
            except BaseException:
                supervisor.end()
                raise
            with _story_told(folder) if story else nullcontext():
                supervisor.run()


@contextmanager
def _story_told(folder: Path) -> Iterator[None]:
    """Tell the rest of the sample company's story meanwhile; how far it is, the pages say. It ends with us."""
    if is_over(folder):
        yield
        return
    parent = os.getpid()
    with (folder / "logs" / "story.log").open("ab") as log:
        command = [sys.executable, "-m", "caseway.ops.story.run", str(folder)]
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            preexec_fn=lambda: die_with(parent),  # noqa: PLW1509 (as the supervisor's children)
        )
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def _start_rest(supervisor: Supervisor, site: demo_site.DemoSite, url: str, *, reload: bool) -> None:
    want = demo_site.preparation(site)
    if _prepared(url) != want:
        _say("preparing the database")
        _step("caseway.ops.demo_company", site.folder)
    _begin(url, want)
    _say("starting web server, worker and watcher")
    began = time.time()
    supervisor.add([_reloading(child) for child in processes()] if reload else processes())
    _wait(supervisor, "the web server", lambda: _answers(site.url))
    _wait(supervisor, "the support address", lambda: _is_watched(url, began))


def _prepared(url: str) -> str:
    """What the database was last prepared for; '' when it is new. Kept in the database itself, as its comment."""
    import psycopg

    with psycopg.connect(url) as owner:
        row = owner.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()"
        ).fetchone()
    return str(row[0] or "") if row else ""


def _begin(url: str, prepared: str) -> None:
    """Nobody else works on this folder: what a killed watcher still seems to hold is free."""
    import psycopg
    from psycopg import sql

    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute("UPDATE mailboxes_mailbox SET lease_until = NULL, lease_holder = '', watched_by = ''")
        owner.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier("caseway"), sql.Literal(prepared)))


def _mail_command(site: demo_site.DemoSite) -> list[str]:
    ports = ["--smtp-port", str(site.smtp_port), "--imap-port", str(site.imap_port)]
    return [sys.executable, "-m", "caseway.ops.demo_mail", "--data", str(site.folder / "demo-mail"), *ports]


def _reloading(child: Child) -> Child:
    """The same process, started anew by watchfiles when a source file changes."""
    import caseway

    source = str(Path(caseway.__file__).parent)
    child.command = ["watchfiles", "--filter", "python", shlex.join(child.command), source]
    child.command[0] = str(Path(sys.executable).with_name("watchfiles"))
    return child


def _step(module: str, folder: Path) -> None:
    """Run one piece of preparation to its end; what goes wrong is on the screen."""
    done = subprocess.run([sys.executable, "-m", module, str(folder)], check=False)
    if done.returncode:
        raise CommandError(f"The demo could not be prepared ({module}, see above).", "To begin anew: --reset")


def _wait(supervisor: Supervisor, what: str, condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not supervisor.stop.is_set() and not condition():
        if time.monotonic() > deadline:
            raise CommandError(f"{what.capitalize()} did not come up.", f"Its log says why: {supervisor.logs}")
        supervisor.look()
        supervisor.stop.wait(0.05)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=5):  # noqa: S310 (our own address)
            return True
    except urllib.error.HTTPError as error:
        return error.code == 503  # it answers; worker and watcher are heard a moment later
    except OSError:
        return False


def _is_watched(url: str, since: float) -> bool:
    """Whether every mailbox was reached, or failed, since then. One that a person has paused is not waited for."""
    import psycopg

    with psycopg.connect(url) as owner:
        waiting = owner.execute(
            "SELECT count(*) FROM mailboxes_mailbox WHERE state = 'active' AND deleted_at IS NULL"
            " AND coalesce(greatest(CASE WHEN watched_by <> '' THEN checked_at END, error_at), to_timestamp(0))"
            " < to_timestamp(%s)",
            [since],
        ).fetchone()
    return waiting == (0,)


def _announce(site: demo_site.DemoSite) -> None:
    typer.echo("")
    typer.echo(f"  Pages      {site.url}")
    typer.echo(f"  Sign in    {demo_site.SIGN_IN}   password {site.password}")
    typer.echo(f"  Write to   {demo_site.SUPPORT_ADDRESS}   by SMTP at {site.mail_host}:{site.smtp_port}")
    typer.echo(f"  Details    {site.folder / 'demo.json'}   logs {site.folder / 'logs'}")
    typer.echo("  Ctrl-C stops it; the same command starts it again.")
    typer.echo("")
    typer.echo(f"ready {site.url}")
    sys.stdout.flush()
    has_desktop = bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    if os.geteuid() != 0 and has_desktop and sys.stdout.isatty():
        webbrowser.open(site.url)


def _say(text: str) -> None:
    typer.echo(f"· {text}")
    sys.stdout.flush()
