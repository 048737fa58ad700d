"""Writing that survives a power cut: new files synced before they are named, names synced after."""

import contextlib
import fcntl
import hashlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

BLOCK_BYTES = 1 << 20
LOCK_FILE = "lock"


def sync_directory(directory: Path) -> None:
    """Make the names in a directory durable."""
    fd = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def write_new(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Write a file that must not exist yet, and sync it."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(fd, "wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())


def replace(path: Path, data: bytes) -> None:
    """Exchange a file's content for another in one step: a reader sees the old or the new, never a mixture."""
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    write_new(temporary, data)
    temporary.replace(path)
    sync_directory(path.parent)


def copy_new(source: Path, target: Path) -> tuple[int, str]:
    """Copy bit for bit into a new file, synced: its size in bytes and the SHA-256 of what was read, in hex."""
    digest, size = hashlib.sha256(), 0
    fd = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    with source.open("rb", buffering=0) as read, os.fdopen(fd, "wb", buffering=0) as out:
        while block := read.read(BLOCK_BYTES):
            digest.update(block)
            view = memoryview(block)
            while view:
                view = view[out.write(view) :]
            size += len(block)
        os.fsync(out.fileno())
    return size, digest.hexdigest()


def hold_directory(directory: Path) -> int | None:
    """Lock a directory for this process until the descriptor is closed; None where another process holds it."""
    fd = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        return None
    return fd


class WriteLock:
    """One writer at a time, over threads and processes; the kernel lets go when a process dies. Not reentrant."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = threading.Lock()

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        with self._thread, self._path.open("ab") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
