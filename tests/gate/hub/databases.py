"""A PostgreSQL of our own, for the length of a `with`."""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.servers import server

POSTGRES = server("postgres")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running_postgres(*, durable: bool = False) -> Iterator[str]:
    """Its address, without a database. durable: commits are on the disk, as in service."""
    assert POSTGRES is not None
    programs = Path(POSTGRES).parent
    folder = Path(tempfile.mkdtemp(prefix="gatewarden-pg-"))
    user = None
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        user = next(n for n in ("postgres", "nobody") if any(p.pw_name == n for p in pwd.getpwall()))
        shutil.chown(folder, user)
    port, data = _free_port(), folder / "data"
    command = [programs / "initdb", "-D", data, "-U", "gate", "--auth=trust", "-E", "UTF8", "--no-sync", "--locale=C"]
    subprocess.run(command, check=True, user=user, cwd=folder, capture_output=True)
    options = (
        "-c",
        f"fsync={'on' if durable else 'off'}",
        "-c",
        f"unix_socket_directories={folder}",
        "-c",
        "listen_addresses=127.0.0.1",
    )
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [programs / "postgres", "-D", data, "-p", str(port), *options],
            user=user, cwd=folder, stdout=log, stderr=log,
        )  # fmt: skip
        try:
            ready = [programs / "pg_isready", "-h", "127.0.0.1", "-p", str(port)]
            for _ in range(200):
                if subprocess.run(ready, check=False, capture_output=True).returncode == 0:
                    break
                assert process.poll() is None, (folder / "log").read_text()
                subprocess.run(["sleep", "0.05"], check=True)
            yield f"postgresql+asyncpg://gate@127.0.0.1:{port}"
        finally:
            process.send_signal(signal.SIGINT)  # whoever is still connected is cut off
            process.wait()
    shutil.rmtree(folder, ignore_errors=True)
