"""The embedded PostgreSQL: every place and every accident that it has to survive."""

import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from caseway.ops.embedded_postgres import EmbeddedPostgres, EmbeddedPostgresError
from tests.servers.waiting import wait_for


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that other accounts can reach, as a data folder usually is."""
    folder = Path(tempfile.mkdtemp(prefix="caseway-pg-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def server(place: Path) -> Iterator[Callable[..., EmbeddedPostgres]]:
    made: list[EmbeddedPostgres] = []

    def make(*below: str) -> EmbeddedPostgres:
        made.append(EmbeddedPostgres(place.joinpath(*below)))
        return made[-1]

    yield make
    for one in made:
        one.remove()


def do(dsn: str, command: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(command)  # type: ignore[call-overload]


def ask(dsn: str, query: str) -> object:
    with psycopg.connect(dsn, autocommit=True) as connection:
        row = connection.execute(query).fetchone()  # type: ignore[call-overload]
        assert row is not None
        return row[0]


def test_starts_and_keeps_what_was_written(server: Callable[..., EmbeddedPostgres]) -> None:
    postgres = server("data")
    dsn = postgres.start()
    assert ask(dsn, "SELECT current_database()") == "caseway"
    assert ask(dsn, "SHOW fsync") == "on"
    assert ask(dsn, "SHOW listen_addresses") == ""
    do(dsn, "CREATE TABLE kept AS SELECT 42 AS answer")
    assert postgres.start() == dsn, "a second start changes nothing"
    postgres.stop()
    assert not postgres.running()
    postgres.stop()
    assert ask(postgres.start(), "SELECT answer FROM kept") == 42


def test_has_the_extensions_that_we_need(server: Callable[..., EmbeddedPostgres]) -> None:
    dsn = server("data").start()
    for extension in ("pg_trgm", "unaccent", "citext", "btree_gin"):
        do(dsn, f"CREATE EXTENSION {extension}")


@pytest.mark.parametrize("below", [("with space and é",), tuple("long" * 12 for _ in range(5))], ids=["space", "long"])
def test_starts_in_awkward_folders(server: Callable[..., EmbeddedPostgres], below: tuple[str, ...]) -> None:
    assert ask(server(*below).start(), "SELECT 1") == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root meets folders that the server's account cannot enter")
def test_root_with_a_private_folder_keeps_the_data_elsewhere(
    server: Callable[..., EmbeddedPostgres], place: Path
) -> None:
    (place / "private").mkdir(mode=0o700)
    postgres = server("private", "data")
    assert ask(postgres.start(), "SELECT 1") == 1
    assert not postgres.data.is_relative_to(place)
    assert (place / "private").stat().st_mode & 0o777 == 0o700, "nobody's folder is opened up"


def test_survives_kill_9_without_losing_a_confirmed_row(server: Callable[..., EmbeddedPostgres]) -> None:
    postgres = server("data")
    dsn = postgres.start()
    do(dsn, "CREATE TABLE kept (n int)")
    confirmed = 0
    with psycopg.connect(dsn, autocommit=True) as connection:
        for number in range(200):
            connection.execute("INSERT INTO kept VALUES (%s)", [number])
            confirmed += 1
        _kill(postgres)
    assert not postgres.running(), "a pid file is no proof of life"
    assert ask(postgres.start(), "SELECT count(*) FROM kept") == confirmed


def test_pid_file_that_names_another_program_is_in_nobodys_way(server: Callable[..., EmbeddedPostgres]) -> None:
    postgres = server("data")
    postgres.start()
    pidfile = (postgres.data / "postmaster.pid").read_text().split("\n")
    postgres.stop()
    (postgres.data / "postmaster.pid").write_text("\n".join([str(os.getpid()), *pidfile[1:]]))
    assert not postgres.running()
    assert ask(postgres.start(), "SELECT 1") == 1


def test_half_made_cluster_is_made_again(server: Callable[..., EmbeddedPostgres], place: Path) -> None:
    (place / "data" / "pgdata.new").mkdir(parents=True)
    (place / "data" / "pgdata.new" / "PG_VERSION").write_text("")
    assert ask(server("data").start(), "SELECT 1") == 1


def test_data_of_another_version_is_left_alone(server: Callable[..., EmbeddedPostgres]) -> None:
    postgres = server("data")
    postgres.start()
    postgres.stop()
    (postgres.data / "PG_VERSION").write_text("12\n")
    with pytest.raises(EmbeddedPostgresError, match="written by PostgreSQL 12"):
        postgres.start()


def test_racing_starts_make_one_server(server: Callable[..., EmbeddedPostgres], place: Path) -> None:
    postgres = server("data")
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        dsns = pool.map(_start, [place / "data"] * 4)
    assert set(dsns) == {postgres.dsn}
    masters = [p for p in psutil.process_iter(["name", "cmdline"]) if str(postgres.data) in (p.info["cmdline"] or [])]
    assert len(masters) == 1


@pytest.mark.skipif(
    os.geteuid() != 0, reason="needs root to become somebody else; otherwise every test here is that test"
)
def test_runs_for_an_ordinary_user(place: Path) -> None:
    program = (
        "import os, sys, psycopg; from pathlib import Path\n"
        "from caseway.ops.embedded_postgres import EmbeddedPostgres\n"
        "os.setgroups([]); os.setgid(65534); os.setuid(65534); os.environ['HOME'] = '/nonexistent'\n"
        "p = EmbeddedPostgres(Path(sys.argv[1])); dsn = p.start()\n"
        "print(psycopg.connect(dsn).execute('select 1').fetchone()[0]); p.remove()"
    )
    binaries = EmbeddedPostgres(place / "data")._bin
    if not _readable_by_all(binaries):
        pytest.skip("this Python environment lies in a private folder that an ordinary user cannot read")
    place.chmod(0o777)
    done = subprocess.run(
        [sys.executable, "-c", program, str(place / "data")], capture_output=True, text=True, check=False
    )
    assert done.stdout == "1\n", done.stderr


def _start(home: Path) -> str:
    return EmbeddedPostgres(home).start()


def _kill(postgres: EmbeddedPostgres) -> None:
    pid = int((postgres.data / "postmaster.pid").read_text().split("\n")[0])
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not postgres.running(), "the server to be dead")


def _readable_by_all(folder: Path) -> bool:
    return all(one.stat().st_mode & 0o005 == 0o005 for one in [folder, *folder.parents])
