"""A web server on this machine that misbehaves on demand, and data sets small enough to fetch from it."""

from __future__ import annotations

import hashlib
import http.server
import io
import random
import tarfile
import threading
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from segedu.datasets.getting.sources import Archive, Source, Take

PATIENCE = 20  # seconds: no handler and no test waits longer


@dataclass
class Answer:
    """How one request is answered. By default: as a good server does it, with ranges."""

    body: bytes | None = None  # None: the file's own
    status: int = 0  # 0: 200 or 206
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None  # said in Content-Length; None: the true one, -1: not said
    cut: int | None = None  # bytes of this answer after which the connection is closed
    ranges: bool = True  # whether Range is understood
    if_range: bool = True  # whether If-Range is
    etag: str | None = '"1"'
    total: int | None = None  # said in Content-Range; None: the true one
    wait: threading.Event | None = None  # before the connection is closed, or goes on after `cut`


class Server(http.server.ThreadingHTTPServer):
    """Serves `files`; the next answers for a path are taken from `plan`, then it behaves."""

    daemon_threads = True

    def __init__(self, files: Mapping[str, bytes]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files = dict(files)
        self.plan: dict[str, list[Answer]] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.on_request: Callable[[], None] = lambda: None

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}{path}"

    def ranges(self) -> list[str | None]:
        """The ranges asked for, one a request."""
        return [headers.get("Range") for _, headers in self.asked]

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a client that was killed is part of the tests."""


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def log_message(self, *args: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self.server.asked.append((self.path, dict(self.headers)))
        self.server.on_request()
        plan = self.server.plan.get(self.path, [])
        answer = plan.pop(0) if plan else Answer()
        body = answer.body if answer.body is not None else self.server.files.get(self.path)
        if body is None:
            self.send_error(404)
        elif answer.status:
            self._send(answer, answer.status, b"", {})
        else:
            self._serve(answer, body)

    def _serve(self, answer: Answer, body: bytes) -> None:
        headers = {"ETag": answer.etag} if answer.etag else {}
        asked = self.headers.get("Range")
        same = not answer.if_range or self.headers.get("If-Range") in (None, answer.etag)
        if not (asked and answer.ranges and same):
            self._send(answer, 200, body, headers)
            return
        start = int(asked.removeprefix("bytes=").rstrip("-"))
        total = len(body) if answer.total is None else answer.total
        if start >= len(body):
            self._send(answer, 416, b"", headers | {"Content-Range": f"bytes */{total}"})
        else:
            said = f"bytes {start}-{len(body) - 1}/{total}"
            self._send(answer, 206, body[start:], headers | {"Content-Range": said})

    def _send(self, answer: Answer, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in (headers | answer.headers).items():
            self.send_header(name, value)
        if answer.length != -1:
            self.send_header("Content-Length", str(len(body) if answer.length is None else answer.length))
        self.end_headers()
        self.wfile.write(body if answer.cut is None else body[: answer.cut])
        self.wfile.flush()
        if answer.wait is not None:
            answer.wait.wait(PATIENCE)
            self.wfile.write(b"" if answer.cut is None else body[answer.cut :])


@contextmanager
def serving(files: Mapping[str, bytes]) -> Iterator[Server]:
    """A running server."""
    with Server(files) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join(PATIENCE)


def noise(size: int, seed: int = 0) -> bytes:
    return random.Random(seed).randbytes(size)


FILES = {
    "toy/images/a.png": noise(300_000, 1),
    "toy/images/b.png": noise(300_000, 2),
    "toy/list.txt": b"a\nb\n",
}


def zipped(files: Mapping[str, bytes] = FILES) -> bytes:
    """The files as a zip archive, not compressed."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return stream.getvalue()


def tarred(files: Mapping[str, bytes] = FILES) -> bytes:
    """The files as a tar archive."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return stream.getvalue()


ZIP = zipped()


def toy_archive(*urls: str, data: bytes = ZIP, file: str = "toy.zip", **changes: object) -> Archive:
    """An archive of the table, as it would stand there for these bytes."""
    entry: dict[str, object] = {
        "file": file,
        "urls": urls,
        "size": len(data),
        "limit": 2_000_000,
        "sha256": hashlib.sha256(data).hexdigest(),
        "takes": (Take("toy", "toy"),),
    }
    return Archive(**(entry | changes))  # type: ignore[arg-type]


def toy(*archives: Archive, **changes: object) -> Source:
    """A data set of two images."""
    entry: dict[str, object] = {
        "name": "toy",
        "title": "A toy",
        "terms": "Do what you like.",
        "page": "http://127.0.0.1/terms",
        "contents": {"toy/images/*.png": 2},
        "reader": 'Toy("{root}/toy")',
        "archives": archives,
    }
    return Source(**(entry | changes))  # type: ignore[arg-type]


def on_disk(root: Path) -> dict[str, bytes]:
    """Every file below a folder, hidden ones too."""
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}
