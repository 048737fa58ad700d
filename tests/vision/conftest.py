"""A street on film and real servers that play it."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.servers import SERVERS
from tests.vision.drawn import PLATES, Actor, driving, film
from vision.facts import VehicleClass

Mode = Callable[[str], None]


class RtspServer:
    """A running server; `mode` tells it what to do, `address` is where it plays its first clip."""

    def __init__(self, python: str, clips: list[Path], *options: str) -> None:
        script = Path(__file__).parents[1] / "rtsp_server.py"
        command = [python, str(script), *map(str, clips), *options]
        self._command = command
        self.start()

    def start(self, port: str = "0") -> None:
        self._process = subprocess.Popen(
            [*self._command, "--port", port], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self.port = self._process.stdout.readline().strip()

    @property
    def address(self) -> str:
        return f"rtsp://127.0.0.1:{self.port}/0"

    def mode(self, mode: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(mode + "\n")
        self._process.stdin.flush()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()


@pytest.fixture(scope="session")
def street(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six seconds: one truck drives through from left to right."""
    truck = Actor(VehicleClass.TRUCK, driving(-200, 120, 200, 150, 220), PLATES[0])
    return film(tmp_path_factory.mktemp("film") / "street.mp4", [truck], 6000)


@pytest.fixture
def rtsp(street: Path) -> Iterator[Callable[..., RtspServer]]:
    """Starts real RTSP servers playing the street, and ends them."""
    python = SERVERS["rtsp"].path()
    if python is None:
        pytest.skip("no Python with GStreamer's RTSP server; `python -m tests.servers` installs it")
    running: list[RtspServer] = []

    def start(*options: str, clips: list[Path] | None = None) -> RtspServer:
        running.append(RtspServer(python, clips or [street], *options))
        return running[-1]

    yield start
    for server in running:
        server.kill()
