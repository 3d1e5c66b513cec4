"""Free ports on the loopback address."""

import socket


def free_port() -> int:
    """A port that nothing listens on now. Another process may take it first: start at once, and try again."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int, host: str = "127.0.0.1") -> bool:
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False
