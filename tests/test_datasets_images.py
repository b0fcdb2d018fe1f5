"""Files are opened whole, within one limit, in the modes that keep their numbers, and errors name them."""

import io
import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from segedu.datasets.images import (
    by_stem,
    read_image,
    read_label_map,
    read_sixteen_bit,
    save_new,
    write_png,
)
from segedu.masks import MAX_PIXELS


def png_that_claims(height, width, kind=0):
    """A PNG of 100 bytes whose header names any size."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(1000)))
        + chunk(b"IEND", b"")
    )


def saved(array, path, **options):
    Image.fromarray(array).save(path, **options)
    return path


@pytest.mark.parametrize("read", [read_label_map, read_image])
@pytest.mark.parametrize("side", [100_000, 2**13 + 1, 12_000])  # Pillow refuses the first, warns of the last
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_png_that_claims_too_many_pixels_is_refused_before_memory_is_taken(read, side, tmp_path):
    path = tmp_path / "huge.png"
    path.write_bytes(png_that_claims(side, side))
    tracemalloc.start()
    with pytest.raises(ValueError, match=rf"huge\.png: expected at most {MAX_PIXELS} pixels"):
        read(path)
    assert tracemalloc.get_traced_memory()[1] < 1e6
    tracemalloc.stop()


def test_a_file_that_ends_early_names_itself(tmp_path):
    whole = saved(np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8), tmp_path / "whole.png")
    cut = tmp_path / "cut.png"
    for length in (0, 4, 20, 40, 500, 2000):
        cut.write_bytes(whole.read_bytes()[:length])
        with pytest.raises(ValueError, match=r"cut\.png: expected a whole PNG file"):
            read_label_map(cut)
    photograph = saved(np.zeros((64, 64, 3), np.uint8), tmp_path / "photograph.jpg")
    cut.write_bytes(photograph.read_bytes()[:-100])
    with pytest.raises(ValueError, match=r"cut\.png: expected a whole PNG, JPEG, BMP, TIFF or WEBP file"):
        read_image(cut)


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_any_broken_bytes_give_pixels_or_a_value_error(data):
    buffer = io.BytesIO()
    image = Image.fromarray(np.arange(256, dtype=np.uint8).reshape(16, 16))
    image.save(buffer, data.draw(st.sampled_from(["PNG", "JPEG"])))
    raw = bytearray(buffer.getvalue())
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    for read in (read_image, read_label_map):
        try:
            pixels = read(bytes(raw), "broken")
        except ValueError as error:
            message = str(error)
        else:
            message = "broken: not noticed"
            assert pixels.shape[0] * pixels.shape[1] <= MAX_PIXELS
        assert message.startswith("broken: ")


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "I;16", "1", "LA"])
def test_a_label_map_in_a_mode_that_changes_numbers_is_refused(mode, tmp_path):
    Image.new(mode, (4, 3)).save(tmp_path / "labels.png")
    with pytest.raises(ValueError, match=r"labels\.png: expected mode P \(palette\) or L \(8-bit grey\), got"):
        read_label_map(tmp_path / "labels.png")


def test_a_palette_png_gives_its_indices_and_a_sixteen_bit_one_all_its_bits(tmp_path):
    indices = np.array([[0, 7], [200, 255]], np.uint8)
    write_png(indices, tmp_path / "p.png", palette=np.zeros((256, 3), np.uint8))
    np.testing.assert_array_equal(read_label_map(tmp_path / "p.png"), indices)
    numbers = np.array([[0, 33000], [256, 65535]], np.uint16)
    write_png(numbers, tmp_path / "sixteen.png")
    np.testing.assert_array_equal(read_sixteen_bit(tmp_path / "sixteen.png"), numbers)


def test_a_photograph_of_sixteen_bits_is_refused_and_grey_becomes_three_channels(tmp_path):
    write_png(np.full((2, 2), 40_000, np.uint16), tmp_path / "deep.png")
    with pytest.raises(ValueError, match=r"deep\.png: expected mode .*, got I;16"):
        read_image(tmp_path / "deep.png")
    write_png(np.full((2, 3), 9, np.uint8), tmp_path / "grey.png")
    np.testing.assert_array_equal(read_image(tmp_path / "grey.png"), np.full((2, 3, 3), 9))


def test_the_alpha_channel_is_left_out(tmp_path):
    write_png(np.full((1, 1, 4), (10, 20, 30, 0), np.uint8), tmp_path / "clear.png")
    np.testing.assert_array_equal(read_image(tmp_path / "clear.png"), [[[10, 20, 30]]])


def test_exif_turns_a_photograph_only_where_that_is_wanted(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: show it rotated by 90° clockwise
    pixels = np.zeros((2, 3, 3), np.uint8)
    pixels[0, 0] = 255
    saved(pixels, tmp_path / "turned.png", exif=exif)
    np.testing.assert_array_equal(read_image(tmp_path / "turned.png"), pixels)
    np.testing.assert_array_equal(read_image(tmp_path / "turned.png", upright=True), np.rot90(pixels, -1))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"gone\.png: expected a PNG file, but there is none"):
        read_label_map(tmp_path / "gone.png")


def test_nothing_is_overwritten(tmp_path):
    save_new(Image.new("L", (1, 1)), tmp_path / "a.png")
    with pytest.raises(FileExistsError):
        save_new(Image.new("L", (1, 1), 9), tmp_path / "a.png")
    assert read_label_map(tmp_path / "a.png") == 0


def test_two_files_that_differ_in_the_ending_only_are_refused(tmp_path):
    for name in ("a.png", "b.JPG", ".hidden.png", "notes.txt"):
        (tmp_path / name).touch()
    assert list(by_stem(tmp_path)) == ["a", "b"]
    (tmp_path / "a.jpg").touch()
    with pytest.raises(ValueError, match=r"a\.png: expected one file named a, got a\.jpg too"):
        by_stem(tmp_path)
