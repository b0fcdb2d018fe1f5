"""From a name to a data set in its place: whole or not at all, whatever comes between."""

from __future__ import annotations

import ast
import errno
import inspect
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import segedu
from download_server import (
    FILES,
    PATIENCE,
    ZIP,
    Answer,
    Server,
    on_disk,
    serving,
    tarred,
    toy,
    toy_archive,
    zipped,
)
from segedu import datasets
from segedu.datasets import DownloadError, __main__, download
from segedu.datasets.getting import archives, contents, place
from segedu.datasets.getting.sources import SOURCES, Take


@pytest.fixture
def server() -> Iterator[Server]:
    with serving({"/toy.zip": ZIP}) as running:
        yield running


def put(source: Any, root: Path, **options: Any) -> Path:
    return place.put_in_place(source, root, **{"progress": False, "sleep": lambda seconds: None} | options)


def files_of(archive: bytes) -> dict[str, bytes]:
    """A server's files for one archive."""
    return {"/toy.zip": archive}


# --- The order of things ---


def test_the_terms_are_printed_before_the_first_byte(server, tmp_path, monkeypatch) -> None:
    happened: list[str] = []
    server.on_request = lambda: happened.append("request")
    monkeypatch.setattr(place, "print", lambda *said, **_: happened.append(str(said[0])), raising=False)
    put(toy(toy_archive(server.url("/toy.zip"))), tmp_path)
    assert "Terms of use: Do what you like." in happened[0]
    assert "In full: http://127.0.0.1/terms" in happened[0]
    assert happened[1].startswith("To fetch: 1 MB")
    assert happened[2] == "request"


def test_the_end_says_where_it_lies_and_what_opens_it(server, tmp_path, capsys) -> None:
    assert put(toy(toy_archive(server.url("/toy.zip"))), tmp_path / "data") == tmp_path / "data"
    said = capsys.readouterr().out
    assert f"toy is whole, in {tmp_path / 'data' / 'toy'}" in said
    assert f'segedu.datasets.Toy("{(tmp_path / "data").as_posix()}/toy")' in said


def test_a_second_run_asks_no_server(server, tmp_path, capsys) -> None:
    source = toy(toy_archive(server.url("/toy.zip")))
    put(source, tmp_path)
    put(source, tmp_path)
    assert len(server.asked) == 1
    assert capsys.readouterr().out.count("toy is whole") == 2


def test_archives_are_kept_on_demand_and_not_fetched_again(server, tmp_path) -> None:
    source = toy(toy_archive(server.url("/toy.zip")))
    put(source, tmp_path, keep_archives=True)
    assert (tmp_path / ".download/toy.zip").read_bytes() == ZIP
    shutil.rmtree(tmp_path / "toy")
    put(source, tmp_path)
    assert len(server.asked) == 1
    assert on_disk(tmp_path) == FILES


def test_an_empty_folder_in_the_place_is_no_obstacle(server, tmp_path) -> None:
    (tmp_path / "toy").mkdir()
    put(toy(toy_archive(server.url("/toy.zip"))), tmp_path)
    assert on_disk(tmp_path) == FILES


def test_what_lies_in_the_place_and_is_not_whole_is_left_alone(server, tmp_path) -> None:
    mine = tmp_path / "toy/images/a.png"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    with pytest.raises(
        DownloadError, match=r"toy is there but not whole \(1 of 2 toy/images/\*\.png\).*Move or delete"
    ):
        put(toy(toy_archive(server.url("/toy.zip"))), tmp_path)
    assert on_disk(tmp_path) == {"toy/images/a.png": b"mine"}
    assert server.asked == []


def test_two_archives_fill_one_place(tmp_path) -> None:
    """As VOC 2007: trainval and test unpack into the same folder; a file in both counts once."""
    first, second = (
        {"toy/images/a.png": b"a", "toy/readme": b"first"},
        {"toy/images/b.png": b"b", "toy/readme": b"second"},
    )
    with serving({"/1.tar": tarred(first), "/2.tar": tarred(second)}) as server:
        source = toy(
            toy_archive(server.url("/1.tar"), data=tarred(first), file="1.tar"),
            toy_archive(server.url("/2.tar"), data=tarred(second), file="2.tar"),
        )
        put(source, tmp_path)
    assert on_disk(tmp_path) == first | second


def test_what_another_data_set_has_brought_is_not_fetched_again(tmp_path) -> None:
    """As COCO: the images are shared, the annotations are not."""
    images, labels = (
        zipped({"val/1.jpg": b"1"}),
        zipped({"annotations/a.json": b"a", "annotations/b.json": b"b"}),
    )
    with serving({"/images.zip": images, "/labels.zip": labels}) as server:
        shared = toy_archive(
            server.url("/images.zip"), data=images, file="images.zip", takes=(Take("val", "val"),)
        )

        def task(name: str) -> Any:
            json = f"annotations/{name}.json"
            own = toy_archive(
                server.url("/labels.zip"), data=labels, file="labels.zip", takes=(Take(json, json),)
            )
            return toy(shared, own, contents={"val/*.jpg": 1, json: 1})

        put(task("a"), tmp_path)
        put(task("b"), tmp_path)
        assert [path for path, _ in server.asked] == ["/images.zip", "/labels.zip", "/labels.zip"]
    assert on_disk(tmp_path) == {"val/1.jpg": b"1", "annotations/a.json": b"a", "annotations/b.json": b"b"}


# --- What goes wrong leaves nothing that looks whole ---


@pytest.mark.parametrize(
    ("files", "match"),
    [
        ({"toy/images/a.png": b"a", "toy/images/b.png": b"b", "../x": b"x"}, "leaves the folder"),
        ({"toy/images/a.png": b"a" * 3_000_000, "toy/images/b.png": b"b"}, "at most 2,000,000 are left"),
        ({"toy/images/a.png": b"a"}, r"1 of 2 toy/images/\*\.png after unpacking"),
        ({"other/images/a.png": b"a"}, "toy.zip has no toy"),
    ],
)
def test_an_archive_that_is_not_what_it_should_be_is_deleted(tmp_path, files, match) -> None:
    data = zipped(files)
    with serving(files_of(data)) as server, pytest.raises(DownloadError, match=match):
        put(toy(toy_archive(server.url("/toy.zip"), data=data)), tmp_path)
    assert on_disk(tmp_path) == {}


def test_an_archive_without_a_checksum_is_checked_as_it_is_unpacked(tmp_path) -> None:
    damaged = ZIP.replace(FILES["toy/images/b.png"][:100], bytes(100))
    with (
        serving(files_of(damaged)) as server,
        pytest.raises(DownloadError, match=r"damaged.*archive was deleted"),
    ):
        put(toy(toy_archive(server.url("/toy.zip"), data=damaged, sha256=None, exact=False)), tmp_path)
    assert on_disk(tmp_path) == {}


def test_what_the_datas_own_check_finds_is_said_and_nothing_is_placed(server, tmp_path) -> None:
    def check(root: Path) -> list[str]:
        return [f"{len(list(root.glob('toy/images/*.png')))} images are upside down"]

    with pytest.raises(DownloadError, match="2 images are upside down; the archives were deleted"):
        put(toy(toy_archive(server.url("/toy.zip")), check=check), tmp_path)
    assert on_disk(tmp_path) == {}


def test_too_little_space_is_said_before_the_first_byte(server, tmp_path, monkeypatch) -> None:
    free = len(ZIP) + 2_000_000 - 1  # the archive and what it may unpack to, and one byte is lacking
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(free, 0, free))
    source = toy(toy_archive(server.url("/toy.zip")))
    with pytest.raises(DownloadError, match=r"2\.6 MB may be needed.*and 2\.6 MB are free"):
        put(source, tmp_path)
    assert server.asked == []
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(free + 1, 0, free + 1))
    put(source, tmp_path)


def test_space_is_not_asked_for_twice_for_what_has_arrived(server, tmp_path, monkeypatch) -> None:
    server.plan["/toy.zip"] = [Answer(cut=200_000), Answer(status=404)]
    source = toy(toy_archive(server.url("/toy.zip")))
    with pytest.raises(DownloadError):
        put(source, tmp_path)
    free = len(ZIP) + 2_000_000 - 196_608
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(free, 0, free))
    put(source, tmp_path)
    assert on_disk(tmp_path) == FILES


def test_a_disk_that_fills_up_while_unpacking_keeps_the_archive(server, tmp_path, monkeypatch) -> None:
    real: Callable[..., int] = archives._write

    def full_at_the_second(member: Any, target: Path) -> int:
        if target.name == "b.png":
            target.write_bytes(b"the begin")
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(member, target)

    monkeypatch.setattr(archives, "_write", full_at_the_second)
    source = toy(toy_archive(server.url("/toy.zip")))
    with pytest.raises(DownloadError, match=r"(?s)disk is full.*are kept: toy.zip \(0.6 MB\).*goes on"):
        put(source, tmp_path)
    assert set(on_disk(tmp_path)) == {".download/toy.zip"}
    monkeypatch.setattr(archives, "_write", real)
    put(source, tmp_path)
    assert on_disk(tmp_path) == FILES
    assert len(server.asked) == 1


def test_a_run_that_was_killed_while_unpacking_leaves_nothing_in_the_next(server, tmp_path) -> None:
    half = tmp_path / ".download/unpacked/toy/images/half.png"
    half.parent.mkdir(parents=True)
    half.write_bytes(b"half")
    put(toy(toy_archive(server.url("/toy.zip"))), tmp_path)
    assert on_disk(tmp_path) == FILES


def test_a_root_that_cannot_be_made_is_named(server, tmp_path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DownloadError, match=r"nothing can be written below .*Name another root"):
        put(toy(toy_archive(server.url("/toy.zip"))), tmp_path / "file")


# --- Processes that die, and processes side by side ---

CHILD = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from download_server import toy, toy_archive
from segedu.datasets.getting.place import put_in_place
put_in_place(toy(toy_archive(sys.argv[2])), Path(sys.argv[3]), progress=False)
"""


def child(server: Server, root: Path) -> subprocess.Popen[str]:
    """Another process that fetches the toy."""
    arguments = [str(Path(__file__).parent), server.url("/toy.zip"), str(root)]
    return subprocess.Popen(
        [sys.executable, "-u", "-c", CHILD, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(segedu.__file__).parents[1],
    )


def until(happened: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def test_a_process_that_is_killed_in_the_middle_is_gone_on_with(server, tmp_path) -> None:
    let_go = threading.Event()
    server.plan["/toy.zip"] = [Answer(cut=200_000, wait=let_go)]
    part = tmp_path / ".download/toy.zip.part"
    killed = child(server, tmp_path)
    try:
        until(lambda: size(part) == 196_608 or killed.poll() is not None)
    finally:
        killed.kill()
        _, said = killed.communicate(timeout=PATIENCE)
        let_go.set()
    assert size(part) == 196_608, said
    assert not (tmp_path / "toy").exists()
    put(toy(toy_archive(server.url("/toy.zip"))), tmp_path)  # its lock has died with it
    assert on_disk(tmp_path) == FILES
    assert not (tmp_path / ".download").exists()
    assert server.ranges() == [None, "bytes=196608-"]


def test_of_two_processes_one_fetches_and_the_other_waits_and_finds_it_there(server, tmp_path) -> None:
    let_go = threading.Event()
    server.plan["/toy.zip"] = [Answer(cut=200_000, wait=let_go)]
    processes = [child(server, tmp_path)]
    try:
        until(lambda: bool(server.asked) or processes[0].poll() is not None)
        processes.append(child(server, tmp_path))
        said = ""
        while "Waiting" not in said and processes[1].poll() is None:
            said += processes[1].stdout.readline()  # type: ignore[union-attr]
        let_go.set()
        ends = [process.communicate(timeout=PATIENCE) for process in processes]
    finally:
        let_go.set()
        for process in processes:
            process.kill()
    assert "Another process is getting data into this folder. Waiting for it…" in said
    assert [process.returncode for process in processes] == [0, 0], ends
    assert len(server.asked) == 1
    assert on_disk(tmp_path) == FILES


def test_threads_too_come_one_after_the_other(server, tmp_path) -> None:
    source = toy(toy_archive(server.url("/toy.zip")))
    with ThreadPoolExecutor(8) as pool:
        roots = [pool.submit(put, source, tmp_path) for _ in range(8)]
        assert [root.result(PATIENCE) for root in roots] == [tmp_path] * 8
    assert len(server.asked) == 1
    assert on_disk(tmp_path) == FILES


# --- The table ---

REAL = [source for source in SOURCES.values() if source.archives]


@pytest.mark.parametrize("source", REAL, ids=lambda source: source.name)
def test_every_place_has_contents_and_all_contents_a_place(source) -> None:
    in_places = [glob for place in source.places for glob in source.contents_of(place)]
    assert sorted(in_places) == sorted(source.contents)
    assert all(source.contents_of(place) for place in source.places)


@pytest.mark.parametrize("source", REAL, ids=lambda source: source.name)
def test_an_archive_has_a_checksum_or_the_data_set_a_check_of_its_own(source) -> None:
    for archive in source.archives:
        assert re.fullmatch("[0-9a-f]{64}", archive.sha256 or "") or source.check is not None
        assert archive.exact or archive.sha256 or source.check


@pytest.mark.parametrize("source", REAL, ids=lambda source: source.name)
def test_addresses_are_https_or_confirmed_by_a_checksum(source) -> None:
    for archive in source.archives:
        for url in archive.urls:
            assert url.startswith("https://") or (url.startswith("http://") and archive.sha256)


def test_a_place_with_a_longer_name_is_another_place() -> None:
    takes = (Take("a", "val"), Take("b", "val2"), Take("c", "val.json"))
    source = toy(toy_archive(takes=takes), contents={"val/*": 1, "val2/*": 2, "val.json": 1})
    assert source.contents_of("val") == {"val/*": 1}
    assert source.contents_of("val.json") == {"val.json": 1}


def test_archives_of_one_name_are_one_archive() -> None:
    by_name: dict[str, set[Any]] = {}
    for source in REAL:
        for archive in source.archives:
            by_name.setdefault(archive.file, set()).add(archive)
    assert all(len(entries) == 1 for entries in by_name.values())


def test_the_layouts_are_those_of_the_archives_owners() -> None:
    assert {source.name: source.places for source in REAL} == {
        "camvid": ["CamVid"],
        "nuclei": ["stage1_train"],
        "voc2007": ["VOCdevkit/VOC2007"],
        "voc2012": ["VOCdevkit/VOC2012"],
        "coco_val2017": ["val2017", "annotations/instances_val2017.json"],
        "coco_panoptic_val2017": ["val2017", "annotations/panoptic_val2017.json", "panoptic_val2017"],
    }


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"expected one of camvid, nuclei, .*; got 'imagenet'"):
        download("imagenet", "data")


def test_cityscapes_is_answered_by_how_to_register(tmp_path) -> None:
    with pytest.raises(
        DownloadError, match=r"Register at https://www\.cityscapes-dataset\.com/register/"
    ) as caught:
        download("cityscapes", tmp_path)
    assert not SOURCES["cityscapes"].archives
    assert "Now there are" not in str(caught.value)
    assert on_disk(tmp_path) == {}


def test_a_part_of_cityscapes_is_counted(tmp_path) -> None:
    image = tmp_path / "leftImg8bit/val/ulm/ulm_000000_000019_leftImg8bit.png"
    image.parent.mkdir(parents=True)
    image.touch()
    with pytest.raises(DownloadError, match=r"Now there are .*1 of 500 leftImg8bit/val/\*/\*_leftImg8bit.png"):
        download("cityscapes", tmp_path)


def test_all_of_cityscapes_is_found_whole(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(place, "missing", lambda root, contents: [])
    assert download("cityscapes", tmp_path) == tmp_path
    assert 'segedu.datasets.Cityscapes("' in capsys.readouterr().out


# --- CamVid, which has no checksum ---


@pytest.fixture
def camvid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two frames in each split, and the digests that belong to them."""
    labels = {}
    for split in contents.CAMVID_LABELS:
        for name in ("0001TP_000001", "0001TP_000002"):
            image = tmp_path / f"CamVid/{split}/{name}.png"
            label = tmp_path / f"CamVid/{split}annot/{name}.png"
            for path, mode in ((image, "RGB"), (label, "L")):
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.new(mode, contents.CAMVID_SIZE).save(path)
        labels[split] = contents.labels_digest(tmp_path / f"CamVid/{split}annot")
    monkeypatch.setattr(contents, "CAMVID_LABELS", labels)
    return tmp_path


def test_good_images_and_labels_have_no_faults(camvid) -> None:
    assert contents.camvid_faults(camvid) == []


def test_labels_are_the_same_however_they_are_compressed(camvid) -> None:
    label = camvid / "CamVid/valannot/0001TP_000001.png"
    palette = Image.open(label).convert("L").convert("P")
    palette.putdata(range(0, 1))  # index 0 everywhere, now with a palette
    palette.save(label, compress_level=0)
    assert contents.camvid_faults(camvid) == []


def test_one_label_pixel_that_differs_is_found(camvid) -> None:
    label = camvid / "CamVid/testannot/0001TP_000002.png"
    image = Image.open(label)
    image.putpixel((479, 359), 11)
    image.save(label)
    (fault,) = contents.camvid_faults(camvid)
    assert "the labels of test are others than expected" in fault


def test_labels_that_have_changed_their_names_are_found(camvid) -> None:
    folder = camvid / "CamVid/valannot"
    (folder / "0001TP_000002.png").rename(folder / "0001TP_000003.png")
    (fault,) = contents.camvid_faults(camvid)
    assert "the labels of val" in fault


def test_an_image_of_another_size_and_a_damaged_one_are_found(camvid) -> None:
    folder = camvid / "CamVid/train"
    Image.new("RGB", (960, 720)).save(folder / "0001TP_000001.png")
    data = (folder / "0001TP_000002.png").read_bytes()
    (folder / "0001TP_000002.png").write_bytes(data[: len(data) // 2])
    other, damaged = contents.camvid_faults(camvid)
    assert other == "0001TP_000001.png has 960×720 pixels, expected 480×360"
    assert damaged.startswith("0001TP_000002.png cannot be read")


def test_an_image_that_claims_to_be_huge_takes_no_memory(camvid) -> None:
    path = camvid / "CamVid/train/0001TP_000001.png"
    data = bytearray(path.read_bytes())
    data[16:24] = (50_000).to_bytes(4, "big") * 2  # width and height in the header
    path.write_bytes(data)
    (fault,) = contents.camvid_faults(camvid)
    assert fault.startswith("0001TP_000001.png")


def test_the_digests_in_the_table_are_those_of_the_701_labels() -> None:
    folder = os.environ.get("SEGEDU_DATA")
    if not folder:
        pytest.skip("SEGEDU_DATA is not set: it names the folder that holds camvid-full/")
    pack = Path(folder) / "camvid-full"
    if not pack.is_dir():
        pytest.skip(f"no camvid-full/ in SEGEDU_DATA={folder}")
    found = {split: contents.labels_digest(pack / f"{split}annot") for split in contents.CAMVID_LABELS}
    assert found == contents.CAMVID_LABELS


# --- The command line ---


def test_the_list_names_every_data_set_with_its_size_and_terms(capsys) -> None:
    assert __main__.main(["list"]) == 0
    said = capsys.readouterr().out
    for source in SOURCES.values():
        assert re.search(rf"^{source.name} ", said, re.MULTILINE)
        assert source.terms in said
    assert re.search(r"^voc2012 +2,000 MB", said, re.MULTILINE)
    assert re.search(r"^cityscapes +– ", said, re.MULTILINE)


def test_the_command_downloads(server, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setitem(SOURCES, "camvid", toy(toy_archive(server.url("/toy.zip"))))
    assert __main__.main(["download", "camvid", "--root", str(tmp_path)]) == 0
    assert on_disk(tmp_path) == FILES


def test_an_error_ends_the_command_with_its_words_and_status_1(tmp_path, capsys) -> None:
    assert __main__.main(["download", "cityscapes", "--root", str(tmp_path)]) == 1
    assert "Register at" in capsys.readouterr().err


def test_an_unknown_name_ends_the_command_with_status_2(capsys) -> None:
    with pytest.raises(SystemExit) as caught:
        __main__.main(["download", "imagenet"])
    assert caught.value.code == 2
    assert "camvid" in capsys.readouterr().err


def test_a_key_press_stops_the_command_and_it_says_how_to_go_on(tmp_path, monkeypatch, capsys) -> None:
    def stopped(*_: object, **__: object) -> Path:
        raise KeyboardInterrupt

    monkeypatch.setattr(__main__, "download", stopped)
    assert __main__.main(["download", "camvid", "--root", str(tmp_path)]) == 130
    assert "goes on where this one stopped" in capsys.readouterr().err


@pytest.mark.parametrize("name", SOURCES)
def test_the_reader_that_a_download_names_is_one_and_takes_what_it_is_given(name: str) -> None:
    call = ast.parse(SOURCES[name].reader.format(root="data"), mode="eval").body
    assert isinstance(call, ast.Call)
    assert isinstance(call.func, ast.Name)
    keywords = {argument.arg: ast.literal_eval(argument.value) for argument in call.keywords}
    inspect.signature(getattr(datasets, call.func.id)).bind(*map(ast.literal_eval, call.args), **keywords)
