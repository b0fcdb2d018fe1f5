"""From a name to a data set in its place, or to an error that says what lies on disk and what to do.

Everything happens in the hidden folder ``.download`` below the root: archives arrive there, are unpacked there,
and what was unpacked is checked there. Only then is it moved to its place, which takes no time and cannot stop
half-way. So a data set that lies in its place is whole.
"""

from __future__ import annotations

import errno
import logging
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from segedu.datasets.getting.archives import ArchiveError, unpack
from segedu.datasets.getting.contents import missing
from segedu.datasets.getting.locks import locked
from segedu.datasets.getting.sources import SOURCES, Archive, Source
from segedu.datasets.getting.transfer import Transfer, TransferError

WORK = ".download"
FULL = {errno.ENOSPC, errno.EDQUOT}


class DownloadError(RuntimeError):
    """A data set could not be put in its place. The message says what happened and what to do."""


def download(
    name: str, root: str | os.PathLike[str], *, progress: bool | None = None, keep_archives: bool = False
) -> Path:
    """Fetch a data set, check it, and put it in its place; nothing happens where it is there already.

    The terms of use are printed before the first byte is fetched. An interrupted download goes on where it
    stopped when it is called again.

    Parameters
    ----------
    name : str
        ``camvid``, ``nuclei``, ``voc2007``, ``voc2012``, ``coco_val2017``, ``coco_panoptic_val2017`` or
        ``cityscapes``. The last is given to registered people only: the error says how to register.
    root : path
        Folder below which the data set lies afterwards, as its own archives have it: ``CamVid/``,
        ``stage1_train/``, ``VOCdevkit/VOC2012/``, ``val2017/`` and ``annotations/``. It is made if it is not
        there.
    progress : bool, optional
        Show bars; None shows them in a terminal and in a notebook.
    keep_archives : bool
        Keep what was fetched, in ``root/.download``.

    Returns
    -------
    Path
        The root.

    Raises
    ------
    ValueError
        If no data set has this name.
    DownloadError
        If there is too little space, no server has the file, a checksum or the contents are wrong, an archive
        is malicious, or something that is not whole lies in the place already.

    Examples
    --------
    >>> download("cityscape", "data")
    Traceback (most recent call last):
        ...
    ValueError: name: expected one of camvid, nuclei, voc2007, voc2012, coco_val2017, coco_panoptic_val2017,
    cityscapes; got 'cityscape'
    """
    if name not in SOURCES:
        raise ValueError(f"name: expected one of {', '.join(SOURCES)}; got {name!r}")
    return put_in_place(SOURCES[name], Path(root).expanduser(), progress=progress, keep_archives=keep_archives)


def put_in_place(
    source: Source,
    root: Path,
    *,
    progress: bool | None = None,
    keep_archives: bool = False,
    sleep: Callable[[float], None] = time.sleep,
) -> Path:
    """`download` for a source that need not be in the table; ``sleep`` waits between attempts."""
    if not source.archives:
        lacking = missing(root, source.contents)
        if lacking:
            raise DownloadError(_how(source, root, lacking))
    elif wanted := _wanted(source, root):
        size = sum(archive.size for archive in _needed(source, wanted)) / 1e6
        print(f"{source.title}\nTerms of use: {source.terms}\nIn full: {source.page}")
        print(f"To fetch: {size:,.0f} MB, less what is there from an earlier try", flush=True)
        try:
            with locked(root / WORK / "lock", _say_that_it_waits):
                wanted = _wanted(source, root)  # another process may have brought some of it meanwhile
                _Getting(source, root, progress, sleep).run(wanted, keep_archives)
        except OSError as error:
            raise DownloadError(
                f"{source.name}: nothing can be written below {root} ({error}). Name another root."
            ) from error
    tops = source.places or dict.fromkeys(glob.split("/")[0] for glob in source.contents)
    print(f"{source.name} is whole, in {', '.join(str(root / top) for top in tops)}. Open it with")
    print(f"    segedu.datasets.{source.reader.format(root=root.as_posix())}")
    return root


def _wanted(source: Source, root: Path) -> list[str]:
    """The places with nothing in them yet."""
    wanted = []
    for place in source.places:
        path = root / place
        if not path.exists() or (path.is_dir() and not any(path.iterdir())):
            wanted.append(place)
        elif lacking := missing(root, source.contents_of(place)):
            raise DownloadError(
                f"{source.name}: {path} is there but not whole ({'; '.join(lacking)}). It does not come from "
                "this program, which moves a data set to its place when it is whole. Nothing was changed. Move "
                "or delete it, or name another root, and try again."
            )
    return wanted


def _needed(source: Source, wanted: list[str]) -> list[Archive]:
    return [archive for archive in source.archives if any(take.to in wanted for take in archive.takes)]


def _how(source: Source, root: Path, lacking: list[str]) -> str:
    how = source.how.format(root=root) + f"\nTerms of use: {source.terms} {source.page}"
    found = len(lacking) < len(source.contents) or not all(phrase.startswith("0 of") for phrase in lacking)
    return how + (f"\nNow there are in {root}: " + "; ".join(lacking) if found else "")


def _say_that_it_waits() -> None:
    print("Another process is getting data into this folder. Waiting for it…", flush=True)


class _Getting:
    """One data set under way, with the lock held."""

    def __init__(
        self, source: Source, root: Path, progress: bool | None, sleep: Callable[[float], None]
    ) -> None:
        self.source, self.root, self.work = source, root, root / WORK
        self.progress, self.sleep = progress, sleep
        self.unpacked = self.work / "unpacked"

    def run(self, wanted: list[str], keep_archives: bool) -> None:
        """Fetch the archives, unpack and check them, and move what is wanted to its place."""
        archives = _needed(self.source, wanted)
        self.clear()
        self.check_space(archives)
        for archive in archives:
            self.fetch(archive)
        try:
            self.unpack(archives)
            for place in wanted:
                self.move(place)
        finally:
            self.clear()
        if not keep_archives:
            for archive in archives:
                (self.work / archive.file).unlink()

    def clear(self) -> None:
        """Remove what a run leaves that was killed: what it had unpacked, and pooch's temporary files."""
        shutil.rmtree(self.unpacked, ignore_errors=True)
        for file in self.work.glob("tmp*"):
            file.unlink(missing_ok=True)

    def check_space(self, archives: list[Archive]) -> None:
        needed = sum(archive.limit for archive in archives)
        for archive in archives:
            if not (self.work / archive.file).exists():
                needed += max(archive.size - self.transfer(archive).have(), 0)
        free = shutil.disk_usage(self.work).free
        if free < needed:
            raise self.error(
                f"{needed / 1e6:,.1f} MB may be needed, for the archives and for what they unpack to, and "
                f"{free / 1e6:,.1f} MB are free",
                "Make room, or name a root on another disk.",
            )

    def transfer(self, archive: Archive) -> Transfer:
        return Transfer(
            self.work / (archive.file + ".part"),
            size=archive.size,
            exact=archive.exact,
            checked=archive.sha256 is not None,
            sleep=self.sleep,
            progress=self.progress,
        )

    def fetch(self, archive: Archive) -> None:
        """Bring an archive over, from the first address that gives the right file."""
        refused = []
        for url in archive.urls:
            transfer = self.transfer(archive)
            try:
                came = self.retrieve(archive, url, transfer)
                if not came and transfer.resumed:  # an old part may be to blame: once more, from the beginning
                    came = self.retrieve(archive, url, transfer)
                if came:
                    return
                refused.append(f"{url}: the file that came has another checksum than expected; it was deleted")
            except TransferError as error:
                refused.append(f"{url}: {error}")
            except OSError as error:
                raise self.disk_error(error) from error
        raise self.error(
            "no server gave " + archive.file + "".join(f"\n  {reason}" for reason in refused),
            "Try again later; what is kept is not fetched again.",
        )

    def retrieve(self, archive: Archive, url: str, transfer: Transfer) -> bool:
        """Whether the file came and has the right checksum."""
        import pooch

        pooch.get_logger().setLevel(logging.WARNING)  # it would print addresses and checksums
        known = archive.sha256 and "sha256:" + archive.sha256
        try:
            pooch.retrieve(url, known, fname=archive.file, path=self.work, downloader=transfer)
        except ValueError:  # pooch has deleted the file
            return False
        return True

    def unpack(self, archives: list[Archive]) -> None:
        """Unpack beside the place, and see that what came out is the data set."""
        for archive in archives:
            path = self.work / archive.file
            try:
                unpack(path, archive.takes, self.unpacked, limit=archive.limit, progress=self.progress)
            except ArchiveError as error:
                path.unlink()
                raise self.error(f"{error}; the archive was deleted", "Try again.") from error
            except OSError as error:
                raise self.disk_error(error) from error
        faults = [
            f"{phrase} after unpacking"
            for place in dict.fromkeys(take.to for archive in archives for take in archive.takes)
            for phrase in missing(self.unpacked, self.source.contents_of(place))
        ]
        if self.source.check is not None and not faults:
            faults = self.source.check(self.unpacked)
        if faults:
            for archive in archives:
                (self.work / archive.file).unlink()
            raise self.error(
                f"what was fetched is not the data set: {'; '.join(faults[:5])}; the archives were deleted",
                "Try again. If it stays so, the data set has changed where it comes from: please report it.",
            )

    def move(self, place: str) -> None:
        target = self.root / place
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.is_dir():
                target.rmdir()  # it is empty, and Windows puts nothing over a folder
            os.replace(self.unpacked / place, target)
        except OSError as error:
            raise self.disk_error(error) from error

    def disk_error(self, error: OSError) -> DownloadError:
        if error.errno in FULL:
            return self.error("the disk is full", "Make room and try again: it goes on where it stopped.")
        return self.error(f"the disk said: {error}", "Mend that and try again: it goes on where it stopped.")

    def error(self, happened: str, todo: str) -> DownloadError:
        """An error with the state of the disk in it."""
        kept = [
            f"{path.name} ({path.stat().st_size / 1e6:,.1f} MB)"
            for path in sorted(self.work.iterdir())
            if path.is_file() and path.suffix in {".part", ".zip", ".tar"}
        ]
        state = f"In {self.work} are kept: {', '.join(kept)}" if kept else "Nothing is kept"
        return DownloadError(
            f"{self.source.name}: {happened}.\n{state}. Nothing that is half a data set lies in {self.root}."
            f"\n{todo}"
        )
