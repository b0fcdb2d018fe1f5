"""Unpacking without trust: an archive from somewhere else names the files that it wants written.

All members are looked at before the first byte is written. A path that leaves the folder, a link, a device or
more bytes than expected refuses the whole archive. Files are written here, byte by byte; ``extract`` and
``extractall`` are never called, so no mode, no owner and no link of the archive reaches the disk. (The filters
of `tarfile` are a second opinion where Python has them: that of Debian 12, 3.11.2, has none.)
"""

from __future__ import annotations

import os
import shutil
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from segedu.datasets.getting.sources import Take

MAX_MEMBERS = 200_000
CHUNK = 1 << 18
LEFTOVERS = {"__MACOSX", ".DS_Store"}  # what some systems add to an archive, and nobody wants


class ArchiveError(Exception):
    """The archive is damaged or must not be unpacked; the message says why."""


@dataclass(frozen=True)
class _Member:
    parts: tuple[str, ...]
    size: int
    open: Callable[[], IO[bytes]]


def unpack(
    archive: Path, takes: Sequence[Take], into: Path, *, limit: int, progress: bool | None = None
) -> list[Path]:
    """Write what is to be taken out of a zip or tar file into a folder.

    Parameters
    ----------
    archive : Path
    takes : sequence of Take
        What to take. Other members are looked at, but not written.
    into : Path
        The folder below which `Take.to` lies. A file that is there already is replaced.
    limit : int
        Most bytes to write.
    progress : bool, optional
        Show a bar; None shows it in a terminal and in a notebook.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    ArchiveError
        If the archive is damaged, holds nothing of a take, or holds a path that leaves the folder, a link, a
        device, a name twice, or more bytes than the limit. The files written before a damage was found stay.
    OSError
        If the disk is full or cannot be written to.
    """
    written: list[Path] = []
    with _opened(archive) as members:
        for take in takes:
            chosen = [(rest, m) for m in members if (rest := _below(take.inside, m.parts)) is not None]
            if not chosen:
                raise ArchiveError(f"{archive.name} has no {take.inside or 'files'}")
            _check_sizes(archive, [member for _, member in chosen], limit)
            if take.nested is None:
                targets = [into.joinpath(*PurePosixPath(take.to).parts, *rest) for rest, _ in chosen]
                for target, (_, member) in zip(_bar(targets, take.to, progress), chosen, strict=True):
                    limit -= _write(member, target)
                written += targets
            else:
                inner = _spilled(chosen[0][1], into)
                try:
                    files = unpack(inner, [Take(take.nested, take.to)], into, limit=limit, progress=progress)
                finally:
                    inner.unlink(missing_ok=True)
                limit -= sum(file.stat().st_size for file in files)
                written += files
    return written


@contextmanager
def _opened(path: Path) -> Iterator[list[_Member]]:
    """The files in an archive, all of them looked at."""
    try:
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                yield _checked(path, _zip_members(archive))
        else:
            with tarfile.open(path, "r:") as archive:
                yield _checked(path, _tar_members(archive))
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, NotImplementedError) as error:
        raise ArchiveError(f"{path.name} is damaged, or is no {path.suffix} file ({error})") from error


def _zip_members(archive: zipfile.ZipFile) -> Iterator[_Member]:
    for info in archive.infolist():
        name = info.orig_filename
        kind = stat.S_IFMT(info.external_attr >> 16)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise ArchiveError(f"{name!r} is a link or a device; only files and folders are unpacked")
        if info.flag_bits & 1:
            raise ArchiveError(f"{name!r} is encrypted")
        parts = _safe_parts(name)
        if not info.is_dir():
            yield _Member(parts, info.file_size, lambda info=info: archive.open(info))  # type: ignore[misc]


def _tar_members(archive: tarfile.TarFile) -> Iterator[_Member]:
    second_opinion = getattr(tarfile, "data_filter", None)
    for info in archive.getmembers():
        if not (info.isreg() or info.isdir()):
            raise ArchiveError(f"{info.name!r} is a link or a device; only files and folders are unpacked")
        parts = _safe_parts(info.name)
        if second_opinion is not None:
            second_opinion(info, os.curdir)
        if info.isreg():
            yield _Member(parts, info.size, lambda info=info: archive.extractfile(info))  # type: ignore


def _safe_parts(name: str) -> tuple[str, ...]:
    parts = PurePosixPath(name).parts
    if name.startswith("/") or ".." in parts or any(sign in name for sign in "\\:\0"):
        raise ArchiveError(f"the path {name!r} leaves the folder that it is unpacked into")
    return parts


def _checked(path: Path, members: Iterable[_Member]) -> list[_Member]:
    kept: list[_Member] = []
    names: set[tuple[str, ...]] = set()
    for number, member in enumerate(members):
        if number == MAX_MEMBERS:
            raise ArchiveError(f"{path.name} has more than {MAX_MEMBERS:,} files")
        if member.parts in names or not member.parts:
            raise ArchiveError(f"{path.name} holds {'/'.join(member.parts)!r} twice, or a file without a name")
        names.add(member.parts)
        if not LEFTOVERS & set(member.parts):
            kept.append(member)
    return kept


def _check_sizes(path: Path, members: list[_Member], limit: int) -> None:
    total = sum(member.size for member in members)
    if total > limit:
        raise ArchiveError(f"{path.name} would unpack to {total:,} bytes and more; at most {limit:,} are left")


def _below(inside: str, parts: tuple[str, ...]) -> tuple[str, ...] | None:
    """The rest of a path below ``inside``; None if it does not lie there."""
    pattern = PurePosixPath(inside).parts
    if len(parts) < len(pattern) or any(p not in ("*", q) for p, q in zip(pattern, parts, strict=False)):
        return None
    return parts[len(pattern) :]


def _write(member: _Member, target: Path) -> int:
    """Write one file; returns its bytes. Both kinds of archive give no more of them than they declared."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with member.open() as source, target.open("wb") as file:
        shutil.copyfileobj(source, file, CHUNK)
    return member.size


def _spilled(member: _Member, into: Path) -> Path:
    """A file of the archive, itself an archive, written out under a name of its own."""
    into.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=into, prefix=".inner-", suffix=Path(member.parts[-1]).suffix)
    os.close(handle)
    _write(member, Path(name))
    return Path(name)


def _bar(items: list[Path], title: str, progress: bool | None) -> Iterable[Path]:
    from tqdm.auto import tqdm

    hidden = None if progress is None else not progress
    bar: Iterable[Path] = tqdm(items, desc=title, unit=" files", disable=hidden)
    return bar
