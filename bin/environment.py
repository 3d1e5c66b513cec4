"""Makes a private Python environment with the locked set of packages; used by the programs beside this file.

Standard library only: it runs on a bare machine with Python 3.11 and its venv module. uv is brought by pip into an
environment of its own and installs the rest from uv.lock. What is there already is not made again.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

CLONE = Path(__file__).resolve().parent.parent
UV = "uv>=0.8,<1"


def require_python() -> None:
    """End with a sentence when this Python is too old or cannot make environments."""
    major, minor = sys.version_info[:2]
    if (major, minor) < (3, 11):
        sys.exit(
            f"Caseway needs Python 3.11 or newer, this is {major}.{minor}.\n→ On Debian: apt-get install python3-venv"
        )
    try:
        import ensurepip  # noqa: F401
    except ImportError:
        package = f"python{major}.{minor}-venv"
        sys.exit(f"Python's venv module is not complete.\n→ On Debian, as root: apt-get install {package}")


def cache_folder(otherwise: Path) -> Path:
    """`.cache` in the clone, or `otherwise` when the clone may not be written to."""
    cache = CLONE / ".cache"
    try:
        cache.mkdir(exist_ok=True)
        probe = cache / f"probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError:
        cache = otherwise
        cache.mkdir(parents=True, exist_ok=True)
    return cache


def prepare(cache: Path, name: str, *selection: str) -> Path:
    """An environment called `name` below `cache` with what `uv sync SELECTION` installs. Returns its Python."""
    target = cache / name
    python = target / "bin" / "python"
    mark = cache / f"{name}.installed"
    want = _fingerprint(target, *selection)
    with (cache / f"{name}.lock").open("w") as lock:  # two starts at once: the second waits
        fcntl.flock(lock, fcntl.LOCK_EX)
        if python.exists() and mark.exists() and mark.read_text() == want:
            return python
        began = time.monotonic()
        say("installing the locked packages (the first time this takes a minute or two)")
        mark.unlink(missing_ok=True)
        _run([_uv(cache), "sync", "--frozen", *selection], environment=_uv_environment(cache, target))
        mark.write_text(want)
        say(f"installed in {time.monotonic() - began:.0f} s")
    return python


def say(text: str) -> None:
    print(f"· {text}", flush=True)


def _uv(cache: Path) -> str:
    tool = cache / "uv"
    program = tool / "bin" / "uv"
    if not program.exists():
        say("getting uv, the installer")
        shutil.rmtree(tool, ignore_errors=True)
        _run([sys.executable, "-m", "venv", str(tool)])
        _run([str(tool / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", UV])
    return str(program)


def _uv_environment(cache: Path, target: Path) -> dict[str, str]:
    environment = {**os.environ, "UV_PROJECT_ENVIRONMENT": str(target), "UV_PYTHON": sys.executable}
    environment["UV_PYTHON_DOWNLOADS"] = "never"
    environment["UV_COMPILE_BYTECODE"] = "1"  # once now, not in each process at the first start
    environment.pop("VIRTUAL_ENV", None)
    if Path("/etc/ssl/certs/ca-certificates.crt").exists():  # the machine's trust, with a company's own authority
        environment.setdefault("UV_SYSTEM_CERTS", "1")
    home = Path(os.environ.get("HOME") or "/nonexistent")
    if not os.access(home, os.W_OK) and "UV_CACHE_DIR" not in environment:
        environment["UV_CACHE_DIR"] = str(cache / "packages")
    return environment


def _run(command: list[str], environment: dict[str, str] | None = None) -> None:
    done = subprocess.run(command, cwd=CLONE, env=environment, stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        fix = "→ Is the network there, and the disk not full? Then run the same again."
        sys.exit(f"This did not work: {' '.join(command)}\n{fix}")


def _fingerprint(target: Path, *selection: str) -> str:
    digest = hashlib.sha256(repr((str(target), str(CLONE), sys.version, selection)).encode())
    for name in ("uv.lock", "pyproject.toml"):
        digest.update((CLONE / name).read_bytes())
    return digest.hexdigest()
