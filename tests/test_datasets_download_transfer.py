"""Fetching from servers that cut, lie, fail and change: the file comes, or an error says why.

The archive of these tests has some 600,000 bytes. The client reads 65,536 at a time, so of an answer that is
cut after 200,000 bytes it keeps three reads, 196,608.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from download_server import FILES, ZIP, Answer, Server, noise, on_disk, serving, toy, toy_archive
from segedu.datasets import DownloadError
from segedu.datasets.getting import place, transfer

KEPT = 196_608
UNSURE = {
    "exact": False,
    "sha256": None,
    "size": 500_000,
}  # what the table may know where nobody keeps a checksum


@pytest.fixture
def server() -> Iterator[Server]:
    with serving({"/toy.zip": ZIP, "/mirror/toy.zip": ZIP}) as running:
        yield running


class Fetching:
    """One data set from the server; the waits are noted, not waited."""

    def __init__(self, server: Server, root: Path) -> None:
        self.server, self.root, self.waits = server, root, list[float]()

    def __call__(self, *paths: str, **changes: Any) -> None:
        archive = toy_archive(*map(self.server.url, paths or ("/toy.zip",)), **changes)
        place.put_in_place(toy(archive), self.root, progress=False, sleep=self.waits.append)

    def is_whole(self) -> bool:
        return on_disk(self.root) == FILES

    def kept(self) -> list[str]:
        return sorted(path.name for path in (self.root / ".download").iterdir())


@pytest.fixture
def fetch(server: Server, tmp_path: Path) -> Fetching:
    return Fetching(server, tmp_path)


def test_a_good_server_is_asked_once_and_nothing_but_the_data_set_stays(server, fetch) -> None:
    fetch()
    assert fetch.is_whole()
    assert [path.name for path in fetch.root.iterdir()] == ["toy"]  # no hidden folder either
    assert server.ranges() == [None]
    assert fetch.waits == []


def test_a_cut_connection_goes_on_where_it_was_cut(server, fetch) -> None:
    server.plan["/toy.zip"] = [Answer(cut=200_000), Answer(cut=200_000)]
    fetch()
    assert fetch.is_whole()
    assert server.ranges() == [None, f"bytes={KEPT}-", f"bytes={2 * KEPT}-"]
    assert server.asked[1][1]["If-Range"] == '"1"'
    assert fetch.waits == [1, 1]


def test_an_end_without_a_word_is_seen_by_the_size_in_the_table(server, fetch) -> None:
    server.plan["/toy.zip"] = [Answer(cut=200_000, length=-1)]
    fetch()
    assert fetch.is_whole()
    assert server.ranges()[1] == "bytes=200000-"  # here the end was no error, so its last bytes were kept


def test_a_server_that_always_cuts_at_the_same_place_is_given_up_and_the_part_stays(server, fetch) -> None:
    server.plan["/toy.zip"] = [Answer(cut=200_000, ranges=False) for _ in range(20)]
    with pytest.raises(
        DownloadError, match=r"(?s)6 times in a row.*toy.zip.part \(0.2 MB\).*Nothing that is half"
    ):
        fetch()
    assert fetch.waits == [1, 1, 2, 4, 8, 16]  # the first attempt brought something, six did not
    assert fetch.kept() == ["toy.zip.part", "toy.zip.part.json"]
    server.plan.clear()
    fetch()
    assert fetch.is_whole()


def test_a_range_that_is_ignored_doubles_nothing(server, fetch) -> None:
    server.plan["/toy.zip"] = [Answer(cut=200_000), Answer(ranges=False)]
    fetch()
    assert fetch.is_whole()


def test_503_is_tried_again_after_longer_and_longer_waits(server, fetch) -> None:
    server.plan["/toy.zip"] = [Answer(status=503), Answer(status=503), Answer(status=503)]
    fetch()
    assert fetch.is_whole()
    assert fetch.waits == [1, 2, 4]


def test_a_server_that_says_how_long_to_wait_is_obeyed_up_to_a_minute(server, fetch) -> None:
    server.plan["/toy.zip"] = [
        Answer(status=503, headers={"Retry-After": "7"}),
        Answer(status=429, headers={"Retry-After": "86400"}),
    ]
    fetch()
    assert fetch.waits == [7, 60]


def test_503_for_ever_ends_after_half_a_minute_of_waiting(server, fetch) -> None:
    server.plan["/toy.zip"] = [Answer(status=503) for _ in range(20)]
    with pytest.raises(DownloadError, match="503 Service Unavailable, 6 times in a row"):
        fetch()
    assert len(server.asked) == 6
    assert sum(fetch.waits) == 31


def test_404_is_final_at_once(server, fetch) -> None:
    with pytest.raises(DownloadError, match=r"(?s)toy: no server gave toy.zip.*404 Not Found.*Nothing is kept"):
        fetch("/gone.zip")
    assert fetch.waits == []
    assert on_disk(fetch.root) == {}


def test_a_server_that_is_not_there_is_tried_again_and_named(fetch) -> None:
    with pytest.raises(DownloadError, match=r"http://127.0.0.1:9/toy.zip: the connection broke .*6 times"):
        place.put_in_place(
            toy(toy_archive("http://127.0.0.1:9/toy.zip")), fetch.root, progress=False, sleep=fetch.waits.append
        )


def test_the_second_address_serves_where_the_first_does_not(server, fetch) -> None:
    fetch("/gone.zip", "/mirror/toy.zip")
    assert fetch.is_whole()


def test_the_second_address_goes_on_where_the_first_stopped(server, fetch) -> None:
    server.plan["/toy.zip"] = [Answer(cut=200_000), Answer(status=404)]
    fetch("/toy.zip", "/mirror/toy.zip")
    assert fetch.is_whole()
    assert server.asked[2][0] == "/mirror/toy.zip"
    assert server.asked[2][1]["Range"] == f"bytes={KEPT}-"
    assert "If-Range" not in server.asked[2][1]  # the mark was the first server's


@pytest.mark.parametrize("said", [12_345, 10**12])
def test_another_length_than_the_tables_is_refused_before_a_byte_is_written(server, fetch, said) -> None:
    server.plan["/toy.zip"] = [Answer(length=said, cut=12_345)]
    with pytest.raises(
        DownloadError, match=f"offers {said:,} bytes and the file has {len(ZIP):,}: it is another"
    ):
        fetch()
    assert on_disk(fetch.root) == {}


def test_more_bytes_than_the_tables_are_not_taken(server, fetch) -> None:
    server.plan["/toy.zip"] = [Answer(body=ZIP + noise(200_000), length=-1)]
    with pytest.raises(DownloadError, match=f"sends more than {len(ZIP):,} bytes"):
        fetch()
    assert on_disk(fetch.root) == {}


def test_an_empty_answer_is_no_file(server, fetch) -> None:
    server.plan["/toy.zip"] = [Answer(body=b"")]
    with pytest.raises(DownloadError, match="empty file"):
        fetch(exact=False)


def test_a_wrong_checksum_is_deleted_and_named(server, fetch) -> None:
    server.plan["/toy.zip"] = [Answer(body=noise(len(ZIP)))]
    with pytest.raises(
        DownloadError, match=r"(?s)another checksum than expected; it was deleted.*Nothing is kept"
    ):
        fetch()
    assert on_disk(fetch.root) == {}
    assert len(server.asked) == 1  # the same bytes would come again


def test_after_a_wrong_checksum_the_next_address_is_tried(server, fetch) -> None:
    server.plan["/toy.zip"] = [Answer(body=noise(len(ZIP)))]
    fetch("/toy.zip", "/mirror/toy.zip")
    assert fetch.is_whole()


OLD = noise(len(ZIP), 7)


ANEW = [None, f"bytes={KEPT}-", None]


@pytest.mark.parametrize(
    ("second", "ranges", "why"),
    [
        (Answer(etag='"2"'), ANEW[:2], "the server compares If-Range and sends all of the new file"),
        (Answer(etag='"2"', if_range=False), ANEW, "the mark in the answer is another one"),
        (Answer(if_range=False, total=len(ZIP) + 1), ANEW, "the total in the answer is another one"),
        (Answer(body=ZIP[:100_000], if_range=False), ANEW, "the file is shorter than what is here: 416"),
    ],
)
def test_a_file_that_changed_between_two_attempts_is_begun_anew(server, fetch, second, ranges, why) -> None:
    server.plan["/toy.zip"] = [Answer(body=OLD, cut=200_000), second]
    fetch()
    assert fetch.is_whole(), why
    assert server.ranges() == ranges, why


def test_without_a_checksum_too_another_mark_begins_anew(server, fetch) -> None:
    server.plan["/toy.zip"] = [Answer(body=OLD, cut=200_000), Answer(etag='"2"', if_range=False)]
    fetch(**UNSURE)
    assert fetch.is_whole()


def test_a_change_that_no_mark_tells_is_found_by_the_checksum_and_begun_anew(server, fetch) -> None:
    server.plan["/toy.zip"] = [Answer(body=OLD, cut=200_000, etag=None), Answer(etag=None), Answer(etag=None)]
    fetch()
    assert fetch.is_whole()
    assert server.ranges() == [None, f"bytes={KEPT}-", None]


def test_without_a_checksum_bytes_are_continued_only_under_the_servers_mark(server, fetch) -> None:
    server.plan["/toy.zip"] = [Answer(cut=200_000), Answer()]
    fetch(**UNSURE)
    assert fetch.is_whole()
    assert server.ranges() == [None, f"bytes={KEPT}-"]


@pytest.mark.parametrize("etag", [None, 'W/"1"'])
def test_without_a_checksum_and_a_strong_mark_all_is_fetched_anew(server, fetch, etag) -> None:
    server.plan["/toy.zip"] = [Answer(cut=200_000, etag=etag), Answer(etag=etag)]
    fetch(**UNSURE)
    assert fetch.is_whole()
    assert server.ranges() == [None, None]


def test_without_an_exact_size_twice_the_size_is_the_most(server, fetch) -> None:
    server.plan["/toy.zip"] = [Answer(length=-1)]
    with pytest.raises(DownloadError, match="sends more than 600,000 bytes"):
        fetch(**UNSURE | {"size": 300_000})


@pytest.mark.parametrize("changes", [{}, UNSURE])
def test_a_run_that_was_stopped_just_before_the_end_asks_for_nothing_more(server, fetch, changes) -> None:
    work = fetch.root / ".download"
    work.mkdir()
    (work / "toy.zip.part").write_bytes(ZIP)
    (work / "toy.zip.part.json").write_text(
        f'{{"url": "{server.url("/toy.zip")}", "etag": "\\"1\\"", "unchanged": "\\"1\\""}}'
    )
    fetch(**changes)
    assert fetch.is_whole()
    assert server.ranges() == ([f"bytes={len(ZIP)}-"] if changes else [])  # 416, with the same total


@pytest.mark.parametrize("note", [None, "", "{", "[]", "{}"])
def test_a_part_that_nothing_is_known_of_is_not_continued(server, fetch, note) -> None:
    work = fetch.root / ".download"
    work.mkdir()
    (work / "toy.zip.part").write_bytes(OLD[:1000])
    if note is not None:
        (work / "toy.zip.part.json").write_text(note)
    fetch()
    assert fetch.is_whole()
    assert server.ranges() == [None]


def test_a_full_disk_keeps_what_has_arrived_and_says_so(server, fetch, monkeypatch) -> None:
    real, written = transfer._write, list[int]()

    def full_after_three(file: Any, chunk: bytes) -> None:
        if len(written) == 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        written.append(len(chunk))
        real(file, chunk)

    monkeypatch.setattr(transfer, "_write", full_after_three)
    with pytest.raises(
        DownloadError, match=r"(?s)disk is full.*toy.zip.part \(0.2 MB\).*Make room and try again"
    ):
        fetch()
    assert fetch.kept() == ["toy.zip.part", "toy.zip.part.json"]
    monkeypatch.setattr(transfer, "_write", real)
    fetch()
    assert fetch.is_whole()
    assert server.ranges() == [None, f"bytes={KEPT}-"]


def test_the_bar_shows_what_arrives_and_why_it_waits(server, fetch, capsys) -> None:
    server.plan["/toy.zip"] = [Answer(status=503)]
    archive = toy_archive(server.url("/toy.zip"))
    place.put_in_place(toy(archive), fetch.root, progress=True, sleep=fetch.waits.append)
    shown = capsys.readouterr().err
    assert "100%" in shown
    assert "503 Service Unavailable; again in 1 s" in shown
