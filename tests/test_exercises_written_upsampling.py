"""What the solutions of chapters 7 to 9 say: their sentences and numbers, held against what code gives."""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from torch import nn

from chapter_cells import chapter, exercise
from segedu import metrics, upsampling
from segedu.exercises import variant
from segedu.upsampling import Layer, conv2d, conv_output_shape, conv_transpose2d, conv_transpose_output_shape
from written_solutions import Solution

GIVEN = variant("")
HALVED = {"stride": 2, "padding": 1}


def field_of_blocks(blocks: int, convolutions: int) -> tuple[int, int]:
    """Size and jump at the end of an encoder with a pooling after each block but the last."""
    layers = [layer for _ in range(blocks) for layer in (*[Layer(3, padding=1)] * convolutions, Layer(2, 2))]
    last = upsampling.receptive_field(layers[:-1])[-1]
    return last.size[0], last.stride[0]


def test_07_1_the_field_of_unet() -> None:
    found = Solution("07.1")
    size, jump = field_of_blocks(*GIVEN["07.1"].values())
    found.says("together 4 · (1 + 2 + 4 + 8 + 16) = {}", 4 * (1 + 2 + 4 + 8 + 16))
    found.says("The poolings add 1 + 2 + 4 + 8 = {}. With the pixel itself: {}", 1 + 2 + 4 + 8, size)
    assert size == 4 * (1 + 2 + 4 + 8 + 16) + (1 + 2 + 4 + 8) + 1
    found.says("The jump is 2^4 = {}", jump)


def test_07_2_layers_for_the_field_of_vgg() -> None:
    found, dilations = Solution("07.2"), (1, 2, 4, 8, 16, 32)
    vgg = [layer for n in (2, 2, 3, 3, 3) for layer in (*[Layer(3, padding=1)] * n, Layer(2, 2))]

    def seen(layers: int, dilations: tuple[int, ...]) -> int:
        stack = [Layer(3, dilation=dilations[k % len(dilations)]) for k in range(layers)]
        return upsampling.receptive_field(stack)[-1].size[0]

    wanted = upsampling.receptive_field(vgg)[-1].size[0]
    least = [next(n for n in range(1, 200) if seen(n, some) >= wanted) for some in ((1,), dilations)]
    found.says("For {} pixels that makes {} plain layers", wanted, least[0])
    found.says("it makes {}: a round of six adds {}", least[1], seen(6, dilations) - 1)
    found.says("one round sees {} and two see {}", seen(6, dilations), seen(12, dilations))


def test_07_5_winners_lose_more_at_every_size() -> None:
    found, shares = Solution("07.5"), chapter("07", "iou")["iou"]
    rows = np.reshape(found.run(), (5, -1))
    for size, *winners in rows:
        assert np.mean(winners) < shares[size].mean() - 0.005  # they are printed with two digits
    found.says("Winners lose more on average, at every size")


def test_07_6_where_the_bicycle_lives() -> None:
    found = Solution("07.6")
    size, miou, bicycle, car = np.reshape(found.run(), (3, 2, 4)).transpose(2, 0, 1)
    assert [*size[:, 0]] == [4, 2, 1]  # rows: the sizes; columns: early, both
    found.says("At $s = 2$ the bicycle has {}, at $s = 1$ it has {}", *bicycle[1:, 1])
    found.says("from {} at 1/4 to {} and {}", *miou[:, 1])
    found.says("hardly better at $s = 1$ ({}) than at 1/4 ({})", miou[2, 0], miou[0, 0])
    found.says("cars fall from {} to {} and {}", *car[:, 1])
    street = chapter("07", "street")["street"]
    assert not ndimage.binary_erosion(street.semantic == 7, np.ones((3, 3))).any()
    found.says("its frame is one or two pixels thin")


def test_07_7_cracks_and_bridges() -> None:
    found = Solution("07.7")
    found.says("it sees {} pixels, which holds any spot", field_of_blocks(5, 2)[0])
    found.says("a sixth block see {} pixels", field_of_blocks(6, 2)[0])
    crack = np.eye(8)[None]
    assert upsampling.average_pool2d(crack, 4).max() <= 1 / 4  # bridge has three quarters of the block
    found.says("is dead at 1/4 at the latest")


def test_08_1_stamps() -> None:
    found, (y, kernel) = Solution("08.1"), GIVEN["08.1"].values()
    found.says(
        "For the book's numbers {} and {}", *(conv_transpose2d(y, kernel, stride=s)[1, 2] for s in (1, 2))
    )
    found.says("of the first stamp ({})", kernel[1, 2])
    found.says("of the second ({}, as tens)", kernel[1, 1])
    found.says("of the third ({}, as hundreds)", kernel[0, 2])
    found.says("of the fourth ({}, as thousands)", kernel[0, 1])
    found.says("only the first two reach it: {}, and {} as tens", kernel[1, 2], kernel[1, 0])


def test_08_2_there_and_back() -> None:
    found, sizes = Solution("08.2"), [GIVEN["08.2"]["size"]]
    for _ in range(3):
        sizes.append(conv_output_shape(sizes[-1], 3, **HALVED))
    found.says("{} → {} → {} → {}, and {} → {} → {} → {}", *(size[axis] for axis in (0, 1) for size in sizes))
    back = [conv_transpose_output_shape(size, 3, **HALVED) for size in sizes[:0:-1]]
    (a, b, c), (d, e, f) = zip(*back, strict=True)
    found.says("6 → {}, but 12 is wanted: 1. 12 → {}: 0. 23 → {}: 0.", a, b, c)
    found.says("8 → {}: 0. 15 → {}, but 30 is wanted: 1. 30 → {}, but 60: 1.", d, e, f)


def test_08_3_output_padding_shows_stamps_as_long_as_padding_has_cut_so_many() -> None:
    y, kernel = np.ones((3, 3)), np.ones((3, 3))
    for padding, extra in ((1, 1), (2, 1), (0, 1)):
        how = {"stride": 2, "padding": padding}
        z = conv_transpose2d(y, kernel, output_padding=extra, **how)
        assert np.array_equal(z[:-extra, :-extra], conv_transpose2d(y, kernel, **how))
        assert z[-extra:].any() == (extra <= padding)
    Solution("08.3").says("As long as q is at most p")


def test_08_4_a_kernel_that_hides_the_bug() -> None:
    names = exercise("08", "blur", "y", "colleagues_layer")
    assert np.array_equal(names["blur"], names["blur"][::-1, ::-1])
    kernel = np.arange(1, 10).reshape(3, 3)
    right = conv_transpose2d(names["y"], kernel, stride=2)
    assert not np.array_equal(names["colleagues_layer"](names["y"], kernel, 2), right)
    Solution("08.4").says("a kernel without symmetry, such as {} to {}", kernel.min(), kernel.max())


def test_08_6_one_step_of_haar() -> None:
    kernels = exercise("08", "kernels")["kernels"]
    x = np.arange(16.0).reshape(1, 4, 4) ** 2
    channels = conv2d(x, kernels[:, None], stride=2)
    assert np.allclose(channels[0], 4 * upsampling.average_pool2d(x, 2)[0] / 2)  # half the sum of each block
    assert channels.shape == (4, 2, 2)
    Solution("08.6").says("half its sum and {} halved differences", (kernels.sum(axis=(1, 2)) == 0).sum())


def test_08_7_only_the_transpose_passes() -> None:
    found = Solution("08.7")
    found.run()
    assert found.printed == "True\n"
    found.code = found.code.replace("conv_transpose2d(b, kernel", "conv_transpose2d(b, kernel[::-1, ::-1]")
    found.run()
    assert found.printed == "False\n"


def test_08_8_a_decoder_for_any_photograph() -> None:
    found = Solution("08.8")
    off = {}
    for size in range(1, 300):
        down = up = (size, size)
        for _ in range(5):
            down = up = conv_output_shape(down, 3, **HALVED)
        for _ in range(5):
            up = conv_transpose_output_shape(up, 3, output_padding=1, **HALVED)
        assert up[0] == 32 * down[0]
        off[size] = up[0] - size
    assert all((extra == 0) == (size % 32 == 0) for size, extra in off.items())
    assert min(off.values()) == 0
    found.says("right for multiples of {}, and too large", 32)
    found.says("up to {} rows and columns of work", max(off.values()))
    found.says("by up to {} pixels at the lower right", max(off.values()))


def test_09_1_a_row_of_two() -> None:
    found, row = Solution("09.1"), GIVEN["09.1"]["row"][None].astype(float)
    found.says("Nearest: {} {} {} {}.", *upsampling.resize_nearest(row, (1, 4))[0])
    found.says("so {} {} {} {}. On:", *upsampling.resize_bilinear(row, (1, 4))[0])
    found.says("2/3, 1, so {} {} {} {}.", *upsampling.resize_bilinear(row, (1, 4), align_corners=True)[0])
    stamp = np.array([[1, 3, 3, 1]]) / 4
    found.says("the 8 presses {} {} {} {}", *8 * stamp[0])
    stamped = conv_transpose2d(row, stamp, stride=(1, 2), padding=(0, 1))[0]
    found.says("cuts one off at each end: {} {} {} {}. The last pixel is {} of 8", *stamped, stamped[-1] / 8)


def test_09_2_how_many_stamps_meet() -> None:
    found, (kernel, stride) = Solution("09.2"), GIVEN["09.2"].values()
    inside = upsampling.overlap_count((1, 7), (1, kernel), stride=stride)[0][2 * stride : -2 * stride]
    found.says("so the counts inside repeat {}, {}, {}", *inside[:3])


def test_09_3_uneven_overlap_without_a_checkerboard() -> None:
    stamp = exercise("09", "stamp")["stamp"]
    ones = conv_transpose2d(np.ones((6, 6)), stamp, stride=2)[2:-2, 2:-2]
    assert np.allclose(ones, 1)
    assert len(np.unique(upsampling.overlap_count((6, 6), (3, 3), stride=2)[2:-2, 2:-2])) > 1
    x = np.random.default_rng(0).random((4, 4))
    assert np.allclose(conv_transpose2d(x, stamp, stride=2)[1:-1:2, 1:-1:2], x)
    Solution("09.3").says("with the old values at every second pixel")


def test_09_6_logits_move_the_borders() -> None:
    found, names = Solution("09.6"), chapter("09", "answers", "scores", "winners", "truth", "C")
    (miou,) = found.run()
    shares = next(iter(names["answers"].values()))
    before = metrics.mean_iou(metrics.confusion_matrix(shares, names["truth"], names["C"]))
    found.says("the mIoU goes from {} to {}", before, miou)
    assert np.array_equal(np.log(names["scores"] + 0.001).argmax(axis=0), names["winners"])  # "Only the first."


def test_09_7_the_last_step() -> None:
    found, layer = Solution("09.7"), nn.ConvTranspose2d(19, 19, 16, stride=8, bias=False)
    found.says("19 × 19 × 256 = {} weights", layer.weight.numel())
    meet = upsampling.overlap_count((9, 9), 16, stride=8)[36, 36]  # stamps at a pixel inside
    found.says(
        "16² / 8² × 19 × 19 = {} multiply-adds for each of {} million pixels", meet * 19 * 19, 1024 * 2048 / 1e6
    )
    found.says("Bilinear needs no weights and {}", 4 * 19)
    ones = conv_transpose2d(np.ones((5, 5)), upsampling.bilinear_kernel(8), stride=8, padding=4)[20]
    found.says("the rim of {} pixels", (ones < 1 - 1e-9).argmin())
