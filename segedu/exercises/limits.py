"""Run a stranger's function: within a time limit, whatever it raises or prints.

Where the system has alarms (Linux, macOS, Colab) and the code runs in the main thread, an alarm interrupts
it. Else it runs in a thread of its own, which is asked to stop. Two things cannot be stopped from inside
Python: one single call into compiled code that never returns, and a loop that catches everything (a bare
``except:``). And a program that ends the process (``os._exit``) ends the notebook's kernel: a grader has to
run in a process of its own.
"""

from __future__ import annotations

import ctypes
import io
import signal
import sysconfig
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

HEARD = 300  # characters of what a function prints that are kept


class TimeUp(BaseException):
    """The time is over. No `Exception`, so that ``except Exception`` in the function does not catch it."""


class StillRunning(TimeUp):
    """The time is over, and the function could not be stopped."""


@dataclass(frozen=True)
class Outcome:
    """What a call gave: a value, or what it raised; and what it printed."""

    value: Any = None
    error: BaseException | None = None
    printed: str = ""


def call(function: Callable[[], Any], seconds: float) -> Outcome:
    """Call a function; never raises what the function raises, except KeyboardInterrupt.

    Parameters
    ----------
    function : callable without arguments
    seconds : float
        After this time, the outcome's error is `TimeUp`.

    Examples
    --------
    >>> call(lambda: 6 * 7, 1.0)
    Outcome(value=42, error=None, printed='')
    >>> call(lambda: 1 / 0, 1.0).error
    ZeroDivisionError('division by zero')
    """
    heard = _Ear()
    with redirect_stdout(heard), redirect_stderr(heard), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # 0 / 0 is a legitimate way to NaN
        try:
            return Outcome(_within(function, max(seconds, 0.01)), None, heard.text)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            return Outcome(None, error, heard.text)


def _within(function: Callable[[], Any], seconds: float) -> Any:
    if hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread():
        with _alarm(seconds):
            return function()
    return _in_a_thread(function, seconds)


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    """Raise `TimeUp` in the block after some seconds, and again each second in case it was caught."""

    armed = True

    def ring(number: int, frame: FrameType | None) -> None:
        if armed:
            raise TimeUp

    before = signal.signal(signal.SIGALRM, ring)
    left, interval = signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
    start = time.monotonic()
    try:
        try:
            yield
        finally:
            armed = False
    finally:  # also if it rang in the line above
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if left:  # somebody else's alarm goes on
            signal.setitimer(signal.ITIMER_REAL, max(left - (time.monotonic() - start), 0.001), interval)


def _in_a_thread(function: Callable[[], Any], seconds: float) -> Any:
    results: list[Any] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            results.append(function())
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(TimeUp))
        thread.join(1.0)
        raise StillRunning if thread.is_alive() else TimeUp
    if errors:
        raise errors[0]
    return results[0]


class _Ear(io.TextIOBase):
    """Keeps the beginning of what is printed: a loop that prints does not fill the memory."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, said: str) -> int:
        self.text += said[: HEARD - len(self.text)]
        return len(said)


def place(error: BaseException) -> str:
    """The line of the student's code at which an error was raised, in a few words; empty if it is unknown.

    Errors often come from deep inside a library; the last line that is not in an installed package is meant.
    """
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not _is_library(frame.filename)]
    if not own:
        return ""
    code = f": {own[-1].line}" if own[-1].line else ""
    return f" in line {own[-1].lineno} of {own[-1].name}{code}"


def _is_library(file: str) -> bool:
    installed = "site-packages" in file or "dist-packages" in file or file.startswith("<frozen")
    return installed or file.startswith(_FOLDERS)


_FOLDERS = (str(Path(__file__).parents[1]), sysconfig.get_path("stdlib"))  # this package, Python's own modules
