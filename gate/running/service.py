"""A site as a service of the machine: started with it, started again whenever it ends."""

import getpass
import shlex
import sys
from pathlib import Path

from gate.site.model import Site

_UNIT = """\
[Unit]
Description=Gatewarden {id} ({name})
Wants=network-online.target
After=network-online.target time-sync.target
StartLimitIntervalSec=0

[Service]
User={user}
WorkingDirectory={folder}
ExecStart={command}
Restart=always
RestartSec=2
KillSignal=SIGTERM
TimeoutStopSec=30
Nice=-5
OOMScoreAdjust=-500

[Install]
WantedBy=multi-user.target
"""


def service_unit(site: Site, site_file: Path) -> str:
    """A systemd unit that runs a site as the present user, with the Python that made it."""
    file = site_file.resolve()
    command = [str(Path(sys.executable).with_name("gatewarden")), "run", str(file)]
    return _UNIT.format(
        id=site.id,
        name=site.name.in_language(site.language).replace("\n", " ").replace("%", "%%"),
        user=getpass.getuser(),
        folder=_escaped(str(file.parent)),
        command=" ".join(_escaped(shlex.quote(part)) for part in command),
    )


def _escaped(text: str) -> str:
    """systemd reads % as the beginning of a specifier."""
    return text.replace("%", "%%")
