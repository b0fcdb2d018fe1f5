"""One process at a time: a lock that the system takes back when its holder dies, however it dies."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

ATTEMPTS = 100


@contextmanager
def locked(path: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold the lock at a path; whoever comes second waits for the first.

    Parameters
    ----------
    path : Path
        An empty file, made for this and removed in the end. So is its folder, where nothing else is in it.
    waiting : callable
        Called once before the wait, if there is one.

    Raises
    ------
    OSError
        If the folder cannot be made or written to.
    """
    handle = _taken(path, waiting)
    try:
        yield
    finally:
        if sys.platform != "win32":  # Windows removes no file that somebody has open
            path.unlink(missing_ok=True)
            with suppress(OSError):  # something else is in it
                path.parent.rmdir()
        os.close(handle)


def _taken(path: Path, waiting: Callable[[], None]) -> int:
    told = False
    while True:
        handle = _opened(path)
        try:
            while not _try(handle, wait=told):
                if not told:
                    waiting()
                    told = True
            # The holder before us has removed the file: then this lock is on a name that nobody else sees.
            if _is_at(handle, path):
                return handle
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)


def _opened(path: Path) -> int:
    for _ in range(ATTEMPTS):
        # A holder that has finished removes the folder, at worst between these two steps or inside the first.
        with suppress(FileNotFoundError, FileExistsError):
            path.parent.mkdir(parents=True, exist_ok=True)
            return os.open(path, os.O_RDWR | os.O_CREAT)
    raise FileExistsError(f"{path.parent} is no folder and cannot be made one")


def _is_at(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def _try(handle: int, *, wait: bool) -> bool:
    """Take the lock, after a wait where one is wanted; False if somebody else still has it."""
    try:
        if sys.platform == "win32":
            msvcrt.locking(handle, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)  # waits ten seconds at most
        else:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError as error:
        if isinstance(error, BlockingIOError | PermissionError) or sys.platform == "win32":
            return False
        # Some network drives have no locks. Two processes there can spoil each other's download; the checks
        # that follow still see it.
    return True
