"""The `caseway` command as a process."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def caseway(tmp_path: Path) -> Run:
    """Run `caseway ARGUMENTS` without a database, in a data folder of its own."""

    def run(*arguments: str, stdin: bytes = b"", **environment: str) -> "subprocess.CompletedProcess[str]":
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("CASEWAY_", "DATABASE_"))}
        done = subprocess.run(
            [sys.executable, "-m", "caseway.ops", *arguments],
            input=stdin,
            capture_output=True,
            check=False,
            timeout=120,
            env={**clean, "CASEWAY_DATA": str(tmp_path / "data"), **environment},
        )
        assert b"Traceback" not in done.stderr, done.stderr.decode()
        return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())

    return run


@pytest.fixture
def caseway_here(caseway: Run, transactional_db: None, database_url: str) -> Run:
    """The same, on the test database."""

    def run(*arguments: str, **options: object) -> "subprocess.CompletedProcess[str]":
        return caseway(*arguments, **{"DATABASE_URL": database_url, **options})

    return run
