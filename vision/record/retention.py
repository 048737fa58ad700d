"""How long footage stays: ordinary footage goes by age and space, oldest first; what evidence rests on never."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from vision.record.segment import Segment, segments


@dataclass(frozen=True, slots=True)
class Retention:
    """How much footage may stay. least_free_bytes: room on the disk that footage must leave."""

    max_age_ms: int
    max_bytes: int
    least_free_bytes: int = 1 << 30


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep did. short_bytes: how far the limits are still exceeded, because the rest is kept as evidence."""

    deleted: int
    freed_bytes: int
    left_bytes: int
    kept_bytes: int
    short_bytes: int
    oldest_ms: int | None


def free_bytes(directory: Path) -> int:
    """Room left on the disk a directory lies on."""
    return shutil.disk_usage(directory).free


def sweep(
    root: Path, now_ms: int, limits: Retention, *, need_bytes: int = 0, free: Callable[[Path], int] = free_bytes
) -> Swept:
    """Delete ordinary footage of all cameras under `root` past the limits, oldest first.

    need_bytes: room wanted beyond the limits, as when the disk is full. Segments being written are left alone.
    """
    directories = [root, *sorted(p for p in root.iterdir() if p.is_dir())] if root.is_dir() else []
    every = sorted((s for d in directories for s in segments(d)), key=lambda s: (s.first_ms, s.path))
    sizes = {s.path: s.size for s in every}
    used = sum(sizes.values())
    short = max(used - limits.max_bytes, limits.least_free_bytes - free(root) if every else 0, need_bytes)
    deleted = freed = 0
    for segment in every:
        if segment.kept or segment.last_ms is None:
            continue
        if now_ms - segment.last_ms <= limits.max_age_ms and freed >= short:
            break
        segment.path.unlink(missing_ok=True)
        freed += sizes.pop(segment.path)
        deleted += 1
    left = [s for s in every if s.path in sizes]
    kept = sum(sizes[s.path] for s in left if s.kept)
    oldest = min((s.first_ms for s in left), default=None)
    return Swept(deleted, freed, used - freed, kept, max(0, short - freed), oldest)


def keep(directory: Path, start_ms: int, end_ms: int) -> list[Segment]:
    """Mark the finished segments of a stretch of time as evidence: no sweep deletes them."""
    marked = []
    for segment in segments(directory):
        if segment.last_ms is None or segment.first_ms > end_ms or segment.last_ms < start_ms:
            continue
        if segment.kept:
            marked.append(segment)
        else:
            path = segment.path.with_name(f"{segment.first_ms}-{segment.last_ms}.keep{segment.path.suffix}")
            segment.path.rename(path)
            marked.append(Segment(path, segment.first_ms, segment.last_ms, True))
    return marked
