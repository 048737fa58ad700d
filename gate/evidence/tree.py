"""Files to be verified, from a folder or from inside a zip archive, under one view."""

import fcntl
import lzma
import os
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedIOBase, BytesIO
from pathlib import Path
from typing import Protocol, cast

from gate.errors import EvidenceError
from gate.evidence.files import LOCK_FILE

# What reading a damaged file, or one of a damaged archive, may raise.
UNREADABLE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError)


class DamagedArchiveError(EvidenceError):
    """A zip archive that cannot be read any more."""


class Tree(Protocol):
    """Read-only files by path, with '/' between folders. sizes: bytes of every regular file; odd: paths of what is
    neither a regular file nor a folder (links, devices), or stands twice."""

    sizes: dict[str, int]
    odd: list[str]
    name: str

    def open(self, path: str) -> BufferedIOBase:
        """A file for reading. Raises KeyError when there is none."""
        ...


def read(tree: Tree, path: str) -> bytes:
    """All of one file. Raises EvidenceError when it is damaged inside its archive."""
    try:
        with tree.open(path) as file:
            return file.read()
    except UNREADABLE as error:
        raise EvidenceError(f"cannot be read: {error}") from error


def folders(tree: Tree, under: str) -> list[str]:
    """Names of the folders directly under one, that hold anything at all."""
    depth = len(under)
    return sorted({p[depth:].split("/", 1)[0] for p in tree.sizes if p.startswith(under) and "/" in p[depth:]})


class Folder:
    """A folder on disk, as it was at one instant. Links are never followed.

    growing: files in it that a running site appends to or exchanges; they are read at that same instant.
    """

    def __init__(self, root: Path, growing: tuple[str, ...] = ()) -> None:
        self._root = root
        self.name = root.resolve().name
        self.sizes: dict[str, int] = {}
        self.odd: list[str] = []
        with _writers_held_off(root):
            for path, entry in _walk(root, ""):
                if entry.is_file(follow_symlinks=False):
                    self.sizes[path] = entry.stat(follow_symlinks=False).st_size
                else:
                    self.odd.append(path)
            self._read = {name: (root / name).read_bytes() for name in growing if name in self.sizes}

    def open(self, path: str) -> BufferedIOBase:
        if path in self._read:
            return BytesIO(self._read[path])
        if path not in self.sizes:
            raise KeyError(path)
        return (self._root / path).open("rb")


class Archive:
    """The inside of a zip archive."""

    def __init__(self, archive: zipfile.ZipFile, name: str) -> None:
        self._zip = archive
        self.name = name
        self.sizes: dict[str, int] = {}
        self.odd: list[str] = []
        for info in archive.infolist():
            if info.is_dir():
                continue
            if info.filename in self.sizes or info.flag_bits & 1 or (info.external_attr >> 16) & 0o170000 == 0o120000:
                self.odd.append(info.filename)
            self.sizes[info.filename] = info.file_size

    def open(self, path: str) -> BufferedIOBase:
        try:
            return cast(BufferedIOBase, self._zip.open(path))
        except (RuntimeError, NotImplementedError) as error:  # encrypted, or an unknown compression
            raise OSError(str(error)) from error


@contextmanager
def open_tree(path: Path, growing: tuple[str, ...] = ()) -> Iterator[Tree]:
    """A folder or a zip archive as a tree; growing: see `Folder`. Raises EvidenceError when it is neither."""
    if path.is_dir():
        yield Folder(path, growing)
        return
    if not path.is_file():
        raise EvidenceError(f"{path}: no such folder or archive")
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        if path.suffix.lower() == ".zip":
            raise DamagedArchiveError(f"no readable zip archive: {error}") from error
        raise EvidenceError(f"{path}: no folder and no zip archive") from error
    with archive:
        yield Archive(archive, path.stem)


@contextmanager
def _writers_held_off(root: Path) -> Iterator[None]:
    """Keep a site that is at work in this store from writing, where it can be told apart by its lock."""
    try:
        handle = (root / LOCK_FILE).open("rb")
    except OSError:
        yield  # no store, or a copy nobody writes to
        return
    with handle:
        fcntl.flock(handle, fcntl.LOCK_SH)
        yield


def _walk(root: Path, prefix: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    with os.scandir(root / prefix) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _walk(root, f"{prefix}{entry.name}/")
            else:
                yield prefix + entry.name, entry
