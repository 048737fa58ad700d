"""Real servers the tests need: found by environment variable or on the machine, installed where that is allowed.

`python -m tests.servers` installs what is missing from the distribution's packages (as root, where apt-get exists) and
names what stays missing. Tests ask `server(name)` and skip, saying why, where it is None.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

GST_PROBE = (
    "import gi; gi.require_version('Gst', '1.0'); gi.require_version('GstRtspServer', '1.0'); "
    "from gi.repository import Gst, GstRtspServer; Gst.init(None); "
    "assert all(Gst.ElementFactory.find(e) for e in ('x264enc', 'rtph264pay', 'qtdemux', 'h264parse'))"
)


@dataclass(frozen=True, slots=True)
class Server:
    """A program the tests run for real. variable: names it outside the usual places; packages: Debian's."""

    name: str
    variable: str
    packages: tuple[str, ...]
    look: Callable[[], str | None]

    def path(self) -> str | None:
        named = os.environ.get(self.variable)
        if named:
            return named if Path(named).exists() else None
        return self.look()


def _program(*names: str) -> Callable[[], str | None]:
    def look() -> str | None:
        places = os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin"
        return next((found for n in names if (found := shutil.which(n, path=places))), None)

    return look


def _postgres() -> str | None:
    return next((str(p) for p in sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), reverse=True)), None)


def _gst_python() -> str | None:
    """A Python that has GStreamer's RTSP server: the distribution's own."""
    python = "/usr/bin/python3"
    if not Path(python).exists():
        return None
    probe = subprocess.run([python, "-c", GST_PROBE], capture_output=True, check=False)
    return python if probe.returncode == 0 else None


SERVERS = {
    s.name: s
    for s in (
        Server(
            "chromium", "GATEWARDEN_CHROMIUM", ("chromium", "fonts-noto-cjk"), _program("chromium", "google-chrome")
        ),
        Server("mosquitto", "GATEWARDEN_MOSQUITTO", ("mosquitto",), _program("mosquitto")),
        Server("postgres", "GATEWARDEN_POSTGRES", ("postgresql",), _postgres),
        Server("openssl", "GATEWARDEN_OPENSSL", ("openssl",), _program("openssl")),
        Server(
            "rtsp",
            "GATEWARDEN_GST_PYTHON",
            (
                "gir1.2-gst-rtsp-server-1.0",
                "python3-gi",
                "gstreamer1.0-plugins-good",
                "gstreamer1.0-plugins-bad",
                "gstreamer1.0-plugins-ugly",
            ),
            _gst_python,
        ),
    )
}


def server(name: str) -> str | None:
    """The path of a server's program, None where it is missing."""
    return SERVERS[name].path()


def main() -> int:
    """Install what is missing where that is allowed; name what stays missing."""
    missing = [s for s in SERVERS.values() if s.path() is None]
    apt = shutil.which("apt-get")
    if missing and apt and os.geteuid() == 0:
        packages = [p for s in missing for p in s.packages]
        print(f"installing for the tests: {' '.join(packages)}", file=sys.stderr)
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run([apt, "update", "-qq"], check=False, env=quiet, stdout=subprocess.DEVNULL)
        subprocess.run(
            [apt, "install", "-y", "-qq", "--no-install-recommends", *packages],
            check=False,
            env=quiet,
            stdout=subprocess.DEVNULL,
        )
        missing = [s for s in SERVERS.values() if s.path() is None]
    for s in missing:
        print(
            f"missing: {s.name}; tests that need it are left out. "
            f"Install {' '.join(s.packages)} or name it in {s.variable}.",
            file=sys.stderr,
        )
    if missing and os.environ.get("CI"):
        print("CI leaves nothing out", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
