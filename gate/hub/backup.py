"""One file that holds a hub: its database as of one instant, its evidence files, its keys and receipts."""

import sqlite3
import tarfile
import tempfile
from pathlib import Path

from gate.errors import GatewardenError
from gate.hub.settings import HubSettings

_DATABASE = "hub.db"
_FOLDERS = ("files", "keys", "heads")


class BackupError(GatewardenError):
    """A backup cannot be made or taken back as asked."""


def backup(settings: HubSettings, target: Path) -> int:
    """Write a backup, also while the hub runs; the number of files in it.

    Raises BackupError for a hub on another database than SQLite: PostgreSQL has pg_dump for that.
    """
    database = _sqlite_file(settings)
    if not database.exists():
        raise BackupError(f"{settings.data_dir}: no hub here")
    partial = target.with_name(target.name + ".part")
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        copy = Path(folder) / _DATABASE
        with sqlite3.connect(database) as source:
            source.execute("VACUUM INTO ?", (str(copy),))
        source.close()
        with tarfile.open(partial, "w:gz") as archive:
            archive.add(copy, _DATABASE)
            for name in _FOLDERS:
                if (settings.data_dir / name).is_dir():
                    archive.add(settings.data_dir / name, name)
    partial.replace(target)
    with tarfile.open(target) as archive:
        return sum(m.isfile() for m in archive)


def restore(settings: HubSettings, source: Path) -> int:
    """Unpack a backup into an empty data directory; the number of files. Raises BackupError where data already is."""
    _sqlite_file(settings)
    if settings.data_dir.exists() and any(settings.data_dir.iterdir()):
        raise BackupError(f"{settings.data_dir} is not empty; name an empty directory with --data")
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with tarfile.open(source) as archive:
            members = archive.getmembers()
            if _DATABASE not in [m.name for m in members]:
                raise BackupError(f"{source}: no backup of a hub")
            archive.extractall(settings.data_dir, filter="data")
    except (tarfile.TarError, OSError) as error:
        raise BackupError(f"{source}: {error}") from error
    return sum(m.isfile() for m in members)


def _sqlite_file(settings: HubSettings) -> Path:
    if settings.database_url:
        raise BackupError("this hub keeps its data in another database: back that up with its own tools (pg_dump)")
    return settings.data_dir / _DATABASE
