"""An SMTP server that takes everything: `python -m benchmarks.sink PORT FILE` writes one Message-ID a line to FILE."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session


class Taken:
    """Notes what was accepted."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", buffering=1)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        head = content.partition(b"\r\n\r\n")[0].replace(b"\r\n ", b" ").decode("latin-1")
        found = next((line[11:].strip() for line in head.split("\r\n") if line.lower().startswith("message-id:")), "?")
        self._file.write(found + "\n")
        return "250 2.0.0 Accepted"


async def serve(port: int, path: Path) -> None:
    loop = asyncio.get_running_loop()
    handler = Taken(path)
    server = await loop.create_server(lambda: SMTP(handler, enable_SMTPUTF8=True), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2])))
