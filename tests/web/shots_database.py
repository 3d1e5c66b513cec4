"""An embedded database for `bin/shots`, made and thrown away; the pictures are taken by a program beside it."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from caseway.ops.embedded_postgres import EmbeddedPostgres


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="caseway-shots-") as folder:
        server = EmbeddedPostgres(Path(folder) / "database", {"fsync": "off"})
        server.start()
        try:
            environment = os.environ | {
                "CASEWAY_DATA": folder,
                "DATABASE_URL": server.dsn_of("postgres"),
                "DJANGO_SETTINGS_MODULE": "caseway.ops.settings",
            }
            owner = environment | {"CASEWAY_AS_OWNER": "on"}
            subprocess.run([sys.executable, "-m", "django", "migrate", "-v0"], env=owner, check=True)
            shots = [sys.executable, "-m", "tests.web.shots", *sys.argv[1:]]
            return subprocess.run(shots, env=environment, check=False).returncode
        finally:
            server.stop()


if __name__ == "__main__":
    sys.exit(main())
