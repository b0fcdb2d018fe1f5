"""One file over HTTP, and on from where it was cut off.

pooch checks the sum and puts a file in its place, and this module is a downloader for it: pooch's own begins
anew after each interruption, and 2 GB over a wireless line do not arrive in one piece. What has arrived stays
in a ``.part`` file. The next attempt, or the next run, asks for the rest (``Range``), under the condition that
the file is still the same one (``If-Range``).
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

CHUNK = 1 << 16  # what a broken connection can cost
TIMEOUT = (15, 60)  # seconds to connect, and without a byte
TRIES = 6  # in a row without a new byte; the waits between them add up to 31 seconds
LONGEST_WAIT = 60.0
PASSING = {408, 425, 429, 500, 502, 503, 504}  # the server may answer otherwise in a moment
AGENT = "segedu (https://github.com/segedu/segedu)"


class TransferError(Exception):
    """The file could not be had from this address; the message says why."""


class _PassingError(Exception):
    """Not now: another attempt is worth it."""

    def __init__(self, reason: str, after: float = 0.0) -> None:
        super().__init__(reason)
        self.after = after


class Transfer:
    """Downloader for `pooch.retrieve`: called with an address and the file to write.

    Parameters
    ----------
    part : Path
        Where the bytes are kept until all are there. ``part.json`` beside it says which file they belong to.
    size : int
        Bytes of the whole file.
    exact : bool
        Whether the server must offer just that many. If not, twice as many are the most that are taken.
    checked : bool
        Whether a checksum follows. Then bytes of one address may be completed from another, and from a server
        that cannot say whether its file is still the same.
    sleep : callable
        Waits so many seconds.
    progress : bool, optional
        Show a bar; None shows it in a terminal and in a notebook.

    Attributes
    ----------
    resumed : bool
        Whether bytes of an earlier attempt went into the file.
    """

    def __init__(
        self,
        part: Path,
        *,
        size: int,
        exact: bool = True,
        checked: bool = True,
        sleep: Callable[[float], None] = time.sleep,
        progress: bool | None = None,
    ) -> None:
        self.part = part
        self.note = part.with_name(part.name + ".json")
        self.size, self.exact, self.checked = size, exact, checked
        self.sleep, self.progress = sleep, progress
        self.resumed = False

    def have(self) -> int:
        """Bytes that are there already."""
        return self.part.stat().st_size if self.part.exists() else 0

    def discard(self) -> None:
        """Forget what has arrived."""
        self.part.unlink(missing_ok=True)
        self.note.unlink(missing_ok=True)

    def __call__(self, url: str, output_file: str, pooch: object) -> None:
        """Fetch the file.

        Raises
        ------
        TransferError
            If the address has no such file, or gave up too often. What has arrived stays.
        OSError
            If the disk is full or cannot be written to. What has arrived stays.
        """
        from tqdm.auto import tqdm

        self.resumed = self.have() > 0
        hidden = None if self.progress is None else not self.progress
        with tqdm(total=self.size, desc=self.part.stem, unit="B", unit_scale=True, disable=hidden) as bar:
            self._keep_trying(url, bar)
        os.replace(self.part, output_file)
        self.note.unlink(missing_ok=True)

    def _keep_trying(self, url: str, bar: Any) -> None:
        fruitless = 0
        while not self._complete():
            before = self.have()
            try:
                self._attempt(url, bar)
            except _PassingError as passing:
                fruitless = 0 if self.have() > before else fruitless + 1
                if fruitless == TRIES:
                    raise TransferError(f"{passing}, {TRIES} times in a row") from passing
                wait = min(max(passing.after, 2.0 ** max(fruitless - 1, 0)), LONGEST_WAIT)
                bar.set_postfix_str(f"{passing}; again in {wait:.0f} s")
                self.sleep(wait)
            else:
                return

    def _complete(self) -> bool:
        """Whether an earlier run brought everything and was stopped just before it could say so."""
        return self.exact and self.checked and self.have() == self.size

    def _attempt(self, url: str, bar: Any) -> None:
        import requests

        note = self._note(url)
        have = self.have()
        headers = {"User-Agent": AGENT, "Accept-Encoding": "identity"}
        if have:
            headers["Range"] = f"bytes={have}-"
            if note.get("unchanged"):
                headers["If-Range"] = note["unchanged"]
        try:
            with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response:
                start, total = self._opening(response, have, note)
                if start == total:
                    return
                self._receive(response, url, start, total, bar)
        except requests.exceptions.SSLError as error:
            raise TransferError(f"no secure connection ({error})") from error
        except (
            requests.ConnectionError,
            requests.Timeout,
            requests.exceptions.ChunkedEncodingError,
        ) as error:
            raise _PassingError(f"the connection broke ({_shortly(error)})") from error
        except requests.RequestException as error:
            raise TransferError(_shortly(error)) from error

    def _note(self, url: str) -> dict[str, str]:
        """What is known of the file that the bytes belong to; bytes that cannot be continued are dropped."""
        try:
            note = dict(json.loads(self.note.read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            note = {}
        if note.get("url") == url and (note.get("unchanged") or self.checked):
            return note
        if not (note and self.checked and self.exact):
            self.discard()
        return {}

    def _opening(self, response: Any, have: int, note: dict[str, str]) -> tuple[int, int | None]:
        """Where the bytes to come begin, and how many the whole file has (None where that is not said)."""
        status = response.status_code
        place = response.headers.get("Content-Range", "")
        if status == 416 and place == f"bytes */{have}" and (have == self.size or not self.exact):
            return have, have  # nothing is left to send
        if status == 416 and have:
            self.discard()
            raise _PassingError(f"the file there has fewer than the {have:,} bytes that were here")
        if status in PASSING:
            raise _PassingError(f"the server answered {status} {response.reason}", _retry_after(response))
        if status not in (200, 206):
            raise TransferError(f"the server answered {status} {response.reason}")
        if status == 206:
            match = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", place)
            start, total = (int(match[1]), int(match[2])) if match else (-1, None)
            changed = note.get("etag") and response.headers.get("ETag") not in (None, note["etag"])
            if start != have or changed or (self.exact and total != self.size):
                self.discard()
                raise _PassingError(f"the file there has changed since {have:,} bytes of it arrived")
        else:
            start, total = 0, _length(response)
            if total == 0:
                raise TransferError("the server sent an empty file")
            if self.exact and total not in (None, self.size):
                raise TransferError(
                    f"the server offers {total:,} bytes and the file has {self.size:,}: it is another file, or "
                    "a page in its place"
                )
        return start, total

    def _receive(self, response: Any, url: str, start: int, total: int | None, bar: Any) -> None:
        if start == 0:
            self._write_note(response, url)
        self.resumed = start > 0
        most = self.size if self.exact else 2 * self.size
        bar.reset(total or self.size)
        bar.update(start)
        have = start
        with self.part.open("ab" if start else "wb") as file:
            for chunk in response.iter_content(CHUNK):
                have += len(chunk)
                if have > most:
                    file.close()
                    self.discard()
                    raise TransferError(f"the server sends more than {most:,} bytes")
                _write(file, chunk)
                bar.update(len(chunk))
        if have < (total or (self.size if self.exact else 0)):
            raise _PassingError(f"the connection ended after {have:,} of {total or self.size:,} bytes")

    def _write_note(self, response: Any, url: str) -> None:
        etag = response.headers.get("ETag", "")
        strong = etag if etag.startswith('"') else ""
        unchanged = strong or response.headers.get("Last-Modified", "")
        self.note.write_text(json.dumps({"url": url, "etag": etag, "unchanged": unchanged}), "utf-8")


def _write(file: Any, chunk: bytes) -> None:
    """Write a chunk so that it survives if this process is killed."""
    file.write(chunk)
    file.flush()


def _length(response: Any) -> int | None:
    said = response.headers.get("Content-Length", "")
    return int(said) if said.isdigit() else None


def _retry_after(response: Any) -> float:
    """Seconds that the server asks to wait; a date there is treated as no wish."""
    said = response.headers.get("Retry-After", "")
    return float(said) if said.isdigit() else 0.0


def _shortly(error: Exception) -> str:
    """The innermost reason: requests wraps up to three layers around it."""
    inner: Any = error
    while isinstance(inner, Exception):
        inner = getattr(inner, "reason", None) or (inner.args[0] if inner.args else type(inner).__name__)
    return str(inner)[:200]
