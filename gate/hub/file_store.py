"""Where the content of evidence files lies: on disk, or in a store that speaks S3.

A file arrives on disk in parts. When it is whole and right, `keep` takes it over; from then on it is read and deleted
through the store alone.
"""

import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Protocol, cast

from minio import Minio
from minio.error import S3Error
from urllib3.exceptions import HTTPError

from gate.errors import GatewardenError
from gate.hub.settings import S3Settings
from gate.hub.tables import File

_BLOCK_BYTES = 1 << 18


class FileStoreError(GatewardenError):
    """The store does not answer, refuses, or has lost a file."""


class FileStore(Protocol):
    """Whole files, by site, owner and name."""

    def keep(self, file: File) -> None:
        """Take over a file that arrived whole on disk."""
        ...

    def open(self, file: File) -> contextlib.AbstractContextManager[BinaryIO]:
        """Its content. Raises FileStoreError."""
        ...

    def read(self, file: File) -> bytes:
        """All of its content. Raises FileStoreError."""
        ...

    def blocks(self, file: File, start: int, length: int) -> Iterator[bytes]:
        """A stretch of its content. Raises FileStoreError."""
        ...

    def delete(self, file: File) -> None:
        """Forget it; no error when it is gone already."""
        ...


def key_of(file: File) -> str:
    """What a file is called in a store: a digest of its names, so that none of them reaches the file system."""
    return hashlib.sha256(f"{file.site}\n{file.owner}\n{file.name}".encode()).hexdigest()


class DiskFiles:
    """Files under a folder, where they also arrive."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, file: File) -> Path:
        """Where a file arrives."""
        key = key_of(file)
        return self._folder / key[:2] / key

    def keep(self, file: File) -> None:
        """It lies where it arrived."""

    @contextlib.contextmanager
    def open(self, file: File) -> Iterator[BinaryIO]:
        try:
            with self.path(file).open("rb") as handle:
                yield handle
        except OSError as error:
            raise FileStoreError(f"{file.owner}/{file.name}: {error}") from error

    def read(self, file: File) -> bytes:
        with self.open(file) as handle:
            return handle.read()

    def blocks(self, file: File, start: int, length: int) -> Iterator[bytes]:
        with self.open(file) as handle:
            handle.seek(start)
            while length > 0 and (block := handle.read(min(_BLOCK_BYTES, length))):
                length -= len(block)
                yield block

    def delete(self, file: File) -> None:
        self.path(file).unlink(missing_ok=True)


class S3Files:
    """Files in a bucket; each leaves the disk once it is there."""

    def __init__(self, settings: S3Settings, arriving: DiskFiles) -> None:
        self._arriving, self._bucket = arriving, settings.bucket
        self._client = Minio(
            settings.endpoint,
            access_key=settings.access_key,
            secret_key=settings.secret_key,
            secure=settings.secure,
            region=settings.region,
        )

    def prepare(self) -> None:
        """Make the bucket where it is missing. Raises FileStoreError."""
        with _told(self._bucket):
            if not self._client.bucket_exists(bucket_name=self._bucket):
                self._client.make_bucket(bucket_name=self._bucket)

    def keep(self, file: File) -> None:
        path = self._arriving.path(file)
        with _told(f"{file.owner}/{file.name}"):
            self._client.fput_object(
                bucket_name=self._bucket,
                object_name=key_of(file),
                file_path=str(path),
                content_type=file.media_type,
                metadata={"sha256": file.sha256},
            )
        path.unlink(missing_ok=True)  # the same last part may come twice at once

    @contextlib.contextmanager
    def open(self, file: File) -> Iterator[BinaryIO]:
        with _told(f"{file.owner}/{file.name}"):
            answer = self._client.get_object(bucket_name=self._bucket, object_name=key_of(file))
            try:
                yield cast("BinaryIO", answer)
            finally:
                answer.close()
                answer.release_conn()

    def read(self, file: File) -> bytes:
        with self.open(file) as handle:
            return handle.read()

    def blocks(self, file: File, start: int, length: int) -> Iterator[bytes]:
        with _told(f"{file.owner}/{file.name}"):
            answer = self._client.get_object(
                bucket_name=self._bucket, object_name=key_of(file), offset=start, length=length
            )
            try:
                yield from answer.stream(_BLOCK_BYTES)
            finally:
                answer.close()
                answer.release_conn()

    def delete(self, file: File) -> None:
        self._arriving.delete(file)
        with _told(f"{file.owner}/{file.name}"):
            self._client.remove_object(bucket_name=self._bucket, object_name=key_of(file))


@contextlib.contextmanager
def _told(what: str) -> Iterator[None]:
    """Whatever goes wrong in the client as FileStoreError."""
    try:
        yield
    except S3Error as error:
        raise FileStoreError(f"{what}: {error.code}") from error
    except (HTTPError, OSError, ValueError) as error:
        raise FileStoreError(f"{what}: {error}") from error
