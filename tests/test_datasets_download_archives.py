"""Unpacking without trust: what leaves the folder, links, devices, bombs and damage are refused."""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile
from pathlib import Path

import pytest

from download_server import FILES, noise, on_disk, tarred, zipped
from segedu.datasets.getting import archives
from segedu.datasets.getting.archives import ArchiveError, unpack
from segedu.datasets.getting.sources import Take

ALL = (Take("", "out"),)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where things are unpacked, with a neighbour that has to stay as it is."""
    (tmp_path / "neighbour.txt").write_text("mine")
    return tmp_path / "into"


def stored(tmp_path: Path, data: bytes, suffix: str) -> Path:
    path = tmp_path / f"archive{suffix}"
    path.write_bytes(data)
    return path


def refused(tmp_path: Path, data: bytes, suffix: str, match: str, limit: int = 10**6) -> None:
    """The archive is refused, and not one byte of it was written."""
    path = stored(tmp_path, data, suffix)
    before = on_disk(tmp_path)
    with pytest.raises(ArchiveError, match=match):
        unpack(path, ALL, tmp_path / "into", limit=limit)
    assert on_disk(tmp_path) == before


def tar_with(name: str, kind: bytes, link: str = "") -> bytes:
    """A tar archive with a good file, then a member of another kind."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        good = tarfile.TarInfo("good.txt")
        good.size = 4
        archive.addfile(good, io.BytesIO(b"good"))
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind, link
        archive.addfile(info)
    return stream.getvalue()


@pytest.mark.parametrize(("make", "suffix"), [(zipped, ".zip"), (tarred, ".tar")])
def test_what_is_taken_lies_below_its_place_with_the_same_bytes(tmp_path, folder, make, suffix) -> None:
    path = stored(tmp_path, make(FILES), suffix)
    written = unpack(path, (Take("toy/images", "a/b"),), folder, limit=600_000)
    assert on_disk(folder) == {"a/b/a.png": FILES["toy/images/a.png"], "a/b/b.png": FILES["toy/images/b.png"]}
    assert sorted(written) == [folder / "a/b/a.png", folder / "a/b/b.png"]


def test_a_star_stands_for_one_folder_of_any_name(tmp_path, folder) -> None:
    path = stored(tmp_path, zipped({"repository-1a2b/CamVid/x": b"1", "repository-1a2b/other": b"2"}), ".zip")
    unpack(path, (Take("*/CamVid", "CamVid"),), folder, limit=10)
    assert on_disk(folder) == {"CamVid/x": b"1"}


def test_one_file_can_be_taken(tmp_path, folder) -> None:
    path = stored(tmp_path, zipped({"annotations/a.json": b"1", "annotations/b.json": b"2"}), ".zip")
    unpack(path, (Take("annotations/b.json", "annotations/b.json"),), folder, limit=10)
    assert on_disk(folder) == {"annotations/b.json": b"2"}


def test_what_systems_leave_in_archives_is_left_there(tmp_path, folder) -> None:
    path = stored(tmp_path, zipped({"x": b"1", "__MACOSX/._x": b"2", "a/.DS_Store": b"3"}), ".zip")
    unpack(path, ALL, folder, limit=10)
    assert on_disk(folder) == {"out/x": b"1"}


def test_an_archive_in_an_archive_is_unpacked_and_does_not_stay(tmp_path, folder) -> None:
    inner = zipped({"masks/1.png": b"12345", "other/2.png": b"6"})
    path = stored(tmp_path, zipped({"annotations/masks.zip": inner, "annotations/a.json": b"{}"}), ".zip")
    unpack(path, (Take("annotations/masks.zip", "masks", nested="masks"),), folder, limit=1000)
    assert on_disk(folder) == {"masks/1.png": b"12345"}


def test_an_archive_in_an_archive_is_trusted_no_more(tmp_path, folder) -> None:
    path = stored(tmp_path, zipped({"masks.zip": zipped({"masks/../../../x": b"1"})}), ".zip")
    with pytest.raises(ArchiveError, match="leaves the folder"):
        unpack(path, (Take("masks.zip", "masks", nested=""),), folder, limit=1000)
    assert on_disk(folder) == {}


@pytest.mark.parametrize(
    "name", ["../x", "/x", "//x", "a/../../x", "a/../b", "a/..", "..", "C:/x", "C:x", "a\\..\\x", "\\\\host\\x"]
)
@pytest.mark.parametrize(("make", "suffix"), [(zipped, ".zip"), (tarred, ".tar")])
def test_a_path_that_leaves_the_folder_refuses_all(tmp_path, folder, make, suffix, name) -> None:
    refused(tmp_path, make({"good.txt": b"good", name: b"bad"}), suffix, "leaves the folder")


def test_a_name_with_a_zero_byte_refuses_all(tmp_path, folder) -> None:
    data = zipped({"good.txt": b"good", "a?.png": b"bad"}).replace(b"a?.png", b"a\0.png")
    refused(tmp_path, data, ".zip", "leaves the folder")


@pytest.mark.parametrize(
    ("name", "kind", "link"),
    [
        ("link", tarfile.SYMTYPE, "/etc/passwd"),
        ("link", tarfile.SYMTYPE, "good.txt"),
        ("link", tarfile.LNKTYPE, "../neighbour.txt"),
        ("link", tarfile.LNKTYPE, "good.txt"),
        ("pipe", tarfile.FIFOTYPE, ""),
        ("disk", tarfile.BLKTYPE, ""),
        ("terminal", tarfile.CHRTYPE, ""),
    ],
)
def test_links_and_devices_in_a_tar_file_refuse_all(tmp_path, folder, name, kind, link) -> None:
    refused(tmp_path, tar_with(name, kind, link), ".tar", f"'{name}' is a link or a device")


def test_the_filter_of_tarfile_has_a_say_too(tmp_path, folder, monkeypatch) -> None:
    def no(member: tarfile.TarInfo, path: str) -> tarfile.TarInfo:
        raise tarfile.TarError(f"{member.name} is not to my liking")

    monkeypatch.setattr(tarfile, "data_filter", no, raising=False)  # Debian 12's Python has none
    refused(tmp_path, tarred({"good.txt": b"good"}), ".tar", "good.txt is not to my liking")


@pytest.mark.parametrize("mode", [0o120777, 0o010644, 0o060644])  # link, pipe, disk
def test_links_and_devices_in_a_zip_file_refuse_all(tmp_path, folder, mode) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("good.txt", b"good")
        info = zipfile.ZipInfo("bad")
        info.external_attr = mode << 16
        archive.writestr(info, b"/etc/passwd")
    refused(tmp_path, stream.getvalue(), ".zip", "'bad' is a link or a device")


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("suffix", [".zip", ".tar"])
def test_a_name_that_comes_twice_refuses_all(tmp_path, folder, suffix) -> None:
    stream = io.BytesIO()
    if suffix == ".zip":
        with zipfile.ZipFile(stream, "w") as archive:
            archive.writestr("a", b"1")
            archive.writestr("./a", b"2")
    else:
        with tarfile.open(fileobj=stream, mode="w") as archive:
            archive.addfile(tarfile.TarInfo("a"))
            archive.addfile(tarfile.TarInfo("./a"))
    refused(tmp_path, stream.getvalue(), suffix, "holds 'a' twice")


def test_a_bomb_is_refused_by_what_it_declares(tmp_path, folder) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(5_000_000))  # five kilobytes in the archive
    assert len(stream.getvalue()) < 10_000
    refused(tmp_path, stream.getvalue(), ".zip", r"would unpack to 5,000,000 bytes and more; at most 1,000,000")


def test_a_sparse_file_counts_with_its_holes(tmp_path, folder) -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
        info = tarfile.TarInfo("zeros")
        info.size = 512  # the map of the file: it has no part that is not a hole
        info.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": "5000000"}
        archive.addfile(info, io.BytesIO(b"0\n".ljust(512, b"\0")))
    refused(tmp_path, stream.getvalue(), ".tar", "5,000,000 bytes and more")


def test_many_files_below_the_limit_are_counted_together(tmp_path, folder) -> None:
    refused(tmp_path, zipped({str(k): bytes(400) for k in range(3)}), ".zip", "1,200 bytes", limit=1000)


def test_takes_share_the_limit(tmp_path, folder) -> None:
    path = stored(tmp_path, zipped({"a": bytes(600), "b": bytes(600)}), ".zip")
    with pytest.raises(ArchiveError, match="600 bytes and more; at most 400"):
        unpack(path, (Take("a", "a"), Take("b", "b")), folder, limit=1000)


def test_an_archive_in_an_archive_shares_the_limit(tmp_path, folder) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("masks/zeros", bytes(5_000_000))
    path = stored(tmp_path, zipped({"masks.zip": stream.getvalue()}), ".zip")
    with pytest.raises(ArchiveError, match="5,000,000 bytes and more"):
        unpack(path, (Take("masks.zip", "masks", nested="masks"),), folder, limit=1_000_000)
    assert on_disk(folder) == {}


def test_a_tar_file_that_declares_more_than_it_has_is_damaged(tmp_path, folder) -> None:
    data = bytearray(tarred({"good.txt": b"good", "huge.bin": b"tiny"}))
    header = data[1024:1536]  # after the header and the data of good.txt
    header[124:136] = b"%011o\0" % 50_000
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)  # the checksum: sum of the bytes, its own as spaces
    data[1024:1536] = header
    refused(tmp_path, bytes(data), ".tar", "damaged")


def test_a_zip_file_that_declares_less_than_it_has_writes_no_more_than_declared(tmp_path, folder) -> None:
    honest = zipped({"a": b"12345678"})
    small = honest.replace(struct.pack("<II", 8, 8), struct.pack("<II", 8, 3))  # compressed, true size
    assert small != honest
    with pytest.raises(ArchiveError, match="damaged"):
        unpack(stored(tmp_path, small, ".zip"), ALL, folder, limit=1000)
    assert all(len(data) <= 3 for data in on_disk(folder).values())


def test_more_files_than_any_data_set_has_are_refused(tmp_path, folder, monkeypatch) -> None:
    monkeypatch.setattr(archives, "MAX_MEMBERS", 10)
    refused(tmp_path, zipped({str(k): b"" for k in range(11)}), ".zip", "more than 10 files")


def test_an_encrypted_file_refuses_all(tmp_path, folder) -> None:
    data = bytearray(zipped({"a": b"secret"}))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):  # the flags in both headers
        data[data.index(mark) + place] |= 1
    refused(tmp_path, bytes(data), ".zip", "encrypted")


def test_damaged_bytes_are_found(tmp_path, folder) -> None:
    data = zipped({"a": b"x" * 1000}).replace(b"x" * 1000, b"x" * 999 + b"y")
    with pytest.raises(ArchiveError, match="damaged"):
        unpack(stored(tmp_path, data, ".zip"), ALL, folder, limit=10_000)


@pytest.mark.parametrize("suffix", [".zip", ".tar"])
@pytest.mark.parametrize("data", [b"", b"<html>Please log in</html>", noise(2000)])
def test_what_is_no_archive_is_refused(tmp_path, folder, suffix, data) -> None:
    refused(tmp_path, data, suffix, "is damaged, or is no|has no files")


@pytest.mark.parametrize(("make", "suffix"), [(zipped, ".zip"), (tarred, ".tar")])
def test_an_archive_that_ends_early_is_refused(tmp_path, folder, make, suffix) -> None:
    refused(tmp_path, make(FILES)[:400_000], suffix, "is damaged")


def test_an_archive_without_what_is_wanted_is_refused(tmp_path, folder) -> None:
    path = stored(tmp_path, zipped({"a": b"1"}), ".zip")
    with pytest.raises(ArchiveError, match=r"archive\.zip has no VOCdevkit"):
        unpack(path, (Take("VOCdevkit", "VOCdevkit"),), folder, limit=10)


def test_no_mode_of_the_archive_reaches_the_disk(tmp_path, folder) -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        info = tarfile.TarInfo("tool")
        info.mode = 0o6777
        archive.addfile(info)
    (written,) = unpack(stored(tmp_path, stream.getvalue(), ".tar"), ALL, folder, limit=10)
    assert written.stat().st_mode & 0o7111 == 0
