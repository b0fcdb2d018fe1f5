"""One process at a time: a lock that the system takes back when its holder dies, however it dies."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


@contextmanager
def locked(path: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold the lock at a path; whoever comes second waits for the first.

    Parameters
    ----------
    path : Path
        An empty file, made for this and removed in the end.
    waiting : callable
        Called once before the wait, if there is one.
    """
    handle = _take(path, waiting)
    try:
        yield
    finally:
        if sys.platform != "win32":  # Windows removes no file that somebody has open
            path.unlink(missing_ok=True)
        os.close(handle)


def _take(path: Path, waiting: Callable[[], None]) -> int:
    told = False
    while True:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(path, os.O_RDWR | os.O_CREAT)
        except FileNotFoundError:  # the folder was removed just in between, by a holder that has finished
            continue
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
