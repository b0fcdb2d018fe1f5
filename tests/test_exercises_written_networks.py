"""What the solutions of chapters 7 to 15 say: their sentences and numbers, held against what code gives."""

from __future__ import annotations

import re
from itertools import product
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from scipy import ndimage
from torch import nn
from torch.nn import functional

from segedu import Instances, masks, metrics, synthetic, training, upsampling
from segedu.exercises import variant
from segedu.fusion import place_instances
from segedu.models import FCN8s, detection
from segedu.training.__main__ import main
from segedu.upsampling import Layer, conv2d, conv_output_shape, conv_transpose2d, conv_transpose_output_shape
from written_solutions import Solution, chapter, exercise

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
    found.says("at $s = 1$ ({}) than at 1/4 ({})", miou[2, 0], miou[0, 0])
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
    found.says("For the book's numbers {} and {}", *(conv_transpose2d(y, kernel, stride=s)[1, 2] for s in (1, 2)))
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
    found.says("16² / 8² × 19 × 19 = {} multiply-adds for each of {} million pixels", meet * 19 * 19, 1024 * 2048 / 1e6)
    found.says("Bilinear needs no weights and {}", 4 * 19)
    ones = conv_transpose2d(np.ones((5, 5)), upsampling.bilinear_kernel(8), stride=8, padding=4)[20]
    found.says("the rim of {} pixels", (ones < 1 - 1e-9).argmin())


def test_11_1_a_classifier_as_convolutions() -> None:
    found, given = Solution("11.1"), GIVEN["11.1"]
    side = given["image"] // 2 ** given["stages"]
    six, seven = (
        nn.Conv2d(given["channels"], given["hidden"], side, bias=False),
        nn.Conv2d(given["hidden"], given["classes"], 1, bias=False),
    )
    found.says("the map before them is {} × {} × {}", given["channels"], side, side)
    found.says("`Conv2d({}, {}, {})` with {} · {} · {} = {} weights", six.in_channels, six.out_channels, side,
               six.in_channels, side**2, six.out_channels, six.weight.numel())  # fmt: skip
    found.says("`Conv2d({}, {}, 1)` with {}", seven.in_channels, seven.out_channels, seven.weight.numel())
    large = given["large"] // 2 ** given["stages"]
    rows, columns = conv_output_shape((large, large), side)
    found.says("gives {} × {}, and a kernel of {} fits in {} × {} places, {} pixels apart",
               large, large, side, rows, columns, 2 ** given["stages"])  # fmt: skip


def test_11_2_an_image_through_fcn32s() -> None:
    found, steps = Solution("11.2"), [GIVEN["11.2"]["image"]]
    for _ in range(5):
        steps.append(-(-steps[-1] // 2))
    found.says("{} → {} → {} → {} → {} → {}", *steps)
    grown, _ = conv_transpose_output_shape((steps[-1], steps[-1]), 64, stride=32, padding=16)
    found.says("So {} × {} scores, and {} × {} after", steps[-1], steps[-1], grown, grown)
    found.says("The last {} rows", grown - steps[0])


def test_11_5_fewer_weights_for_fc6() -> None:
    found = Solution("11.5")
    assert {*found.run()} == {chapter("11", "sees")["sees"]["fc6"]}  # it sees as far
    with torch.device("meta"):
        fcn = FCN8s(in_channels=3, num_classes=21)
    fc6 = fcn.encoder.fc6[0].weight
    out_channels, in_channels, side, _ = fc6.shape
    pairs = in_channels * out_channels / 1e6
    found.says("{} weights for each pair of channels instead of {}: {} million instead of {}",
               9, side**2, 9 * pairs, fc6.numel() / 1e6)  # fmt: skip
    assert fc6.numel() / sum(p.numel() for p in fcn.parameters()) == pytest.approx(3 / 4, abs=0.02)
    found.asks("fc6 holds three quarters of all weights")


def test_11_6_the_code_silences_skips_of_a_copy() -> None:
    found, model = Solution("11.6"), FCN8s(in_channels=3, num_classes=3, base_channels=2)
    for skip in (model.score_pool3, model.score_pool4):
        nn.init.ones_(skip.weight)
    seen = []

    def measure(labels: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
        seen.append(labels)
        return np.zeros(3), np.zeros(3)

    found.run(models={"FCN-8s": model}, inputs=torch.rand(1, 3, 64, 64), measure=measure)
    assert len(seen) == 3
    assert [line.split("]")[0] for line in found.printed.splitlines()] == [
        "['score_pool3'", "['score_pool4'", "['score_pool3', 'score_pool4'"]  # fmt: skip
    assert model.score_pool3.weight.all()


def test_11_7_each_score_lies_over_the_middle_of_its_half() -> None:
    found = Solution("11.7")
    found.says("the middles of its halves, at {} and {}: {} to either side of {}", 32 / 4, 3 * 32 / 4, 16 - 8, 32 / 2)
    rows, columns = torch.meshgrid(torch.arange(128.0), torch.arange(128.0), indexing="ij")
    drawn = []
    model = SimpleNamespace(
        eval=lambda: model,
        encoder=lambda x: (None, None, functional.avg_pool2d(x, 32)),
        score_conv7=lambda x: x,  # so a score is the place of the middle of its block
    )

    def enlarge(scores: torch.Tensor, s: int) -> torch.Tensor:
        drawn.append((scores, s))
        return scores

    found.run(models={"FCN-32s, longer": model}, inputs=torch.stack([rows, columns])[None], C=2, enlarge=enlarge,
              measure=lambda labels: (np.zeros(2), np.zeros(2)))  # fmt: skip
    ((scores, s),) = drawn
    middles = s * torch.arange(8) + s / 2 - 0.5
    inside = slice(1, 7)  # outside of it, blocks reach over the border
    assert torch.equal(scores[0, 0, inside, 4], middles[inside])
    assert torch.equal(scores[0, 1, 4, inside], middles[inside])


def test_13_1_a_move() -> None:
    found, (anchor, box) = Solution("13.1"), GIVEN["13.1"].values()
    pair = (torch.tensor(box[None]).float(), torch.tensor(anchor[None]).float())
    x, y, width, height = detection.encode_boxes(*pair)[0].tolist()
    middles = [(b[0] + b[2]) / 2 for b in (anchor, box)]
    found.says("moves from {} to {} on the x axis, 6 / 8 = {}", *middles, x)
    found.says("on the y axis: {}. The width doubles: log 2 = {}. The height stays: log 1 = {}", y, width, height)
    assert torch.allclose(detection.encode_boxes(*(10 * boxes for boxes in pair))[0, 0], torch.tensor(x))


def test_13_2_suppression() -> None:
    found, (left, length) = Solution("13.2"), GIVEN["13.2"].values()
    boxes = torch.tensor([[x, 0, x + length, 1] for x in left]).float()
    iou = masks.box_iou(boxes.numpy(), boxes.numpy())
    found.says("the IoUs are 3 / 5 = {}, 2 / 6 = {} and 1 / 7 = {}", iou[0, 1], iou[1, 2], iou[0, 2])

    def kept(scores: list[float], limit: float) -> set[int]:
        return {*detection.nms(boxes, torch.tensor(scores), iou_threshold=limit).tolist()}

    first, middle = [0.9, 0.8, 0.1], [0.8, 0.9, 0.1]
    assert kept(first, 0.5) == kept(first, 0.3) == {0, 2}
    assert kept(middle, 0.5) == {1, 2}
    assert kept(middle, 0.3) == {1}
    found.says("at {} it strikes out both others", 0.3)


def test_13_4_the_code_of_a_box_that_grows() -> None:
    moves, anchors = torch.tensor([[0, 0, np.log(2), 0]]).float(), torch.tensor([[4.0, 0, 12, 4]])
    left, _, right, _ = detection.decode_boxes(moves, anchors)[0].tolist()
    Solution("13.4").asks("wider by {} pixels on *both* sides: from {} to {}", 4 - left, left, right)


def test_13_7_anchors_of_nuclei() -> None:
    found = Solution("13.7")
    found.run()
    tissue, glow = np.reshape([int(n) for n in re.findall(r"(\d+)%", found.printed)], (2, 3))
    found.says("{} and {} % with those of streets", tissue[0], glow[0])
    found.says("{} % in both images with those of the recipe", tissue[1])
    assert tissue[1] == glow[1]
    found.says("{} and {} % with torchvision's", tissue[2], glow[2])


def test_13_8_the_price_of_suppression() -> None:
    found, kinds = Solution("13.8"), {"car": 5, "pedestrian": 6, "bicycle": 7}
    lost, number = {(name, limit): 0 for name in kinds for limit in (0.3, 0.7)}, dict.fromkeys(kinds, 0)
    for seed in range(200):
        scene = synthetic.street_scene(seed=seed, size=(128, 128), cars=9, pedestrians=12, bicycles=4)
        stack, labels = scene.masks()
        for name, kind in kinds.items():
            boxes = torch.from_numpy(masks.boxes(stack[labels == kind])).float()
            number[name] += len(boxes)
            for limit in (0.3, 0.7):
                kept = detection.nms(boxes, torch.ones(len(boxes)), iou_threshold=limit)
                lost[name, limit] += len(boxes) - len(kept)
    share = {(name, limit): lost[name, limit] / number[name] for name, limit in lost}
    found.says("at 0.3, one car in a hundred, one pedestrian in {} and one bicycle in {}",
               1 / share["pedestrian", 0.3], 1 / share["bicycle", 0.3])  # fmt: skip
    assert 1 / share["car", 0.3] == pytest.approx(100, rel=0.15)
    found.says("hardly one bicycle in a hundred, and nearly nothing else")
    assert share["bicycle", 0.7] < 0.01
    assert max(share["car", 0.7], share["pedestrian", 0.7]) < 0.002


TRAINED = ("RECIPES", "SceneDataset", "car", "metrics", "model", "shipped", "test", "to_instances", "unet")


def test_13_9_where_to_cut_a_mask() -> None:
    found = Solution("13.9")
    cuts, ap, *per_class = np.reshape(found.run(**chapter("13", *TRAINED)), (5, -1)).T
    assert cuts.tolist() == [0.3, 0.4, 0.5, 0.6, 0.7]
    assert ap.argmax() == 1
    found.says("0.4 is a little better than 0.5 here, {} instead of {}", ap[1], ap[2], within=0.005)
    *gains, of_signs = (values[1] - values[2] for values in per_class)
    found.says("cars, pedestrians and bicycles gain about {} each, signs nothing", np.mean(gains), within=0.01)
    assert min(gains) > 0 >= of_signs
    found.says("At 0.7 cars keep {}, bicycles {}", per_class[0][4], per_class[2][4], within=0.02)


def counts_of_cars(seeds: range, thresholds: list[float]) -> np.ndarray:
    """True cars of 16 pixels or more, pieces, and found cars for each threshold: a row for each busy street."""
    names = chapter("13", *TRAINED)
    car, rows = names["car"], []
    for seed in seeds:
        busy = synthetic.street_scene(seed=seed, size=(128, 128), cars=9)
        picture = names["SceneDataset"]([busy])[0][0]
        with torch.no_grad():
            those = names["to_instances"](names["model"]([picture])[0])
            pieces = ndimage.label(names["unet"](picture[None])[0].argmax(dim=0).numpy() == car)[1]
        stack, labels = busy.masks()
        sizes = stack[labels == car].sum(axis=(1, 2))
        large = (those.labels == car) & (those.masks.sum(axis=(1, 2)) >= 16)
        rows.append([(sizes >= 16).sum(), pieces, *((those.scores[large] >= t).sum() for t in thresholds)])
    return np.array(rows)


def test_13_10_street_by_street() -> None:
    found = Solution("13.10")
    true, pieces, cars = counts_of_cars(range(20_000, 20_020), [0.5]).T
    found.says("Mask R-CNN is off by {} cars a street, the pieces by {}",
               np.abs(cars - true).mean(), np.abs(pieces - true).mean(), within=0.1)  # fmt: skip
    in_sum = abs((pieces - true).sum())
    found.says("the pieces are off by {} cars in twenty streets, which looks like {}", in_sum, in_sum / 20, within=1)

    true, _, *cars = counts_of_cars(range(10_000, 10_020), [0.3, 0.4, 0.5, 0.6, 0.7, 0.8]).T
    off = [np.abs(count - true).mean() for count in cars]
    found.says("There {} is best", (0.3, 0.4, 0.5, 0.6, 0.7, 0.8)[np.argmin(off)])
    assert np.ptp(off) == pytest.approx(0.1, abs=0.05)
    found.says("thresholds from 0.3 to 0.8 differ by a tenth of a car")


def test_13_11_parcels_at_an_angle() -> None:
    def iou(long: float) -> float:  # of the upright boxes of two parcels, 1 wide, side by side at 45°
        box = np.array([[0, 0, long + 1, long + 1]]) / np.sqrt(2)
        return float(masks.box_iou(box, box + 1 / np.sqrt(2))[0, 0])

    found = Solution("13.11")
    found.says("two squares side by side have an IoU of {}, those of two parcels of 1 : {} have {}", iou(1), 6, iou(6))
    assert iou(6) > 0.5 > iou(4)


def test_14_1_three_cars() -> None:
    found, cars = Solution("14.1"), GIVEN["14.1"]["cars"]
    stack = np.array([[[sign == "#" for sign in car]] for car in cars])
    detected = Instances(stack, labels=[0, 0, 0], scores=[0.9, 0.8, 0.7])
    _, half = place_instances(detected, max_overlap=0.5)
    a, b, c = (np.flatnonzero(half[0] == k) + 1 for k in (1, 2, 3))  # pixels are counted from 1
    found.says("A gets pixels {}–{}", a[0], a[-1])
    found.says("of four are taken: exactly half")
    assert (stack[1] & stack[0]).sum() == stack[1].sum() / 2
    found.says("B stays and gets {} and {}", *b)
    found.says("it gets {}–{}", c[0], c[-1])
    kept, nothing = place_instances(detected, max_overlap=0)
    assert kept.tolist() == [0, 2]
    found.says("C gets all of its {}", (nothing == 2).sum())


def test_14_4_keep_them_or_drop_them() -> None:
    found = Solution("14.4")
    s, tp, fp, fn, more, right, iou = GIVEN["14.4"].values()
    pq = s / (tp + fp / 2 + fn / 2)
    found.says("PQ = {} / ({} + {} + {}) = {}", s, tp, fp / 2, fn / 2, pq)
    found.says("p · IoU = {} · {} = {}, and half of the PQ is {}", right / more, iou, right / more * iou, pq / 2)
    s, tp, fp, fn = s + right * iou, tp + right, fp + more - right, fn - right
    found.says("= {}, TP = {}, FP = {}, FN = {}, and PQ = {} / {} = {}",
               s, tp, fp, fn, s, tp + fp / 2 + fn / 2, s / (tp + fp / 2 + fn / 2))  # fmt: skip


def test_14_5_a_table_that_does_not_multiply() -> None:
    found, counts = Solution("14.5"), np.array(exercise("14", "counts")["counts"])
    s, tp, fp, fn = counts.T
    sq, rq = s / tp, tp / (tp + fp / 2 + fn / 2)
    found.says("Their PQ is {} and {}, the mean {}", *sq * rq, (sq * rq).mean())
    found.says("mean SQ is {} and mean RQ {}, and {} · {} = {}",
               sq.mean(), rq.mean(), sq.mean(), rq.mean(), sq.mean() * rq.mean())  # fmt: skip
    found.says("Where one class is better in both, the product is too low")
    better = np.sort(sq), np.sort(rq)
    assert better[0].mean() * better[1].mean() < (better[0] * better[1]).mean()


FUSED = ("Instances", "base", "fused", "isthing", "mean_pq", "objects", "once", "per_street", "pixels", "stuff", "sure")


def changed(rule: Any) -> float:
    """PQ of a rule, less that of chapter 14."""
    names = chapter("14", *FUSED)
    once, pq = names["once"], names["mean_pq"]
    return float((pq(once, names["per_street"](rule)) - pq(once, names["base"]))[0])


def test_14_6_the_unet_names_them() -> None:
    found, names, rename = Solution("14.6"), chapter("14", *FUSED), exercise("14", "names")["names"]
    renamed = [
        Instances(some.masks, rename(some.masks, some.labels, pixels, names["isthing"]), some.scores)
        for some, pixels in zip(names["objects"], names["pixels"], strict=True)
    ]
    other = [(a.labels != b.labels)[a.scores >= 0.5] for a, b in zip(names["objects"], renamed, strict=True)]
    found.says("{} of the {} sure objects get another name", sum(map(np.sum, other)), sum(map(len, other)), within=5)
    assert abs(changed(lambda k: names["fused"](k, objects=renamed))) < 0.001
    found.says("PQ moves by less than a thousandth")


def test_14_7_trimmed_masks() -> None:
    found = Solution("14.7")
    (trimmed,) = found.run(**chapter("14", *FUSED))
    names = chapter("14", *FUSED)
    rule = names["mean_pq"](names["once"], names["base"])[0]
    found.says("we got {} instead of {}", trimmed, rule, within=0.003)
    assert trimmed < rule - 0.003


def test_14_9_void_costs_little() -> None:
    names = chapter("14", *FUSED)
    cost = changed(lambda k: names["fused"](k, pixels=names["stuff"]))
    Solution("14.9").says("costs only {} thousandths of PQ", -1000 * cost, within=1)


def test_15_1_cross_entropy() -> None:
    found, (p, void) = Solution("15.1"), GIVEN["15.1"].values()
    bits = -np.log2(p)
    logits = torch.tensor(np.log([p, 1 - p])).reshape(1, 2, 1, -1)
    loss = training.cross_entropy(logits, torch.zeros(1, 1, len(p), dtype=torch.int64)).item()
    found.says("{}, {} and {} bits. The mean over the {} known pixels is {} bits", *bits, len(p), bits.mean())
    found.says("or 2 · {} = {} nats", np.log(2), loss)
    found.says("the mean is {}/{} = {}", bits.sum(), len(p) + void, bits.sum() / (len(p) + void))


def test_15_2_weights_for_rare_classes() -> None:
    found, percent = Solution("15.2"), GIVEN["15.2"]["percent"]
    weights = training.median_frequency_weights(percent).tolist()
    found.says("the median is {} %", np.median(percent))
    found.says("Weights: 15/80 = {}, {} and {}", *weights)
    found.says("{} · {} = {} · {} = {} · {} = {} parts",
               *np.ravel([*zip(percent, weights, strict=True)]), percent[0] * weights[0])  # fmt: skip
    assert percent * weights == pytest.approx([15, 15, 15])


def test_15_4_a_gpu_that_has_only_void() -> None:
    names = exercise("15", "colleagues_loss", "loss_of_batch")
    parts = [np.array([5.0]), np.array([1.0])], [np.array([False]), np.array([True])]
    with pytest.warns(RuntimeWarning):
        assert np.isnan(names["colleagues_loss"](*parts))
    assert names["loss_of_batch"](*parts) == 1
    Solution("15.4").says("is NaN if one GPU has only void")


def test_15_6_the_best_threshold() -> None:
    found, names = Solution("15.6"), chapter("15", "x", "is_sign", "cuts")
    scores, is_sign = names["x"].numpy(), names["is_sign"]
    order = np.argsort(-scores)
    hits = np.cumsum(is_sign[order])
    iou = hits / (np.arange(1, len(scores) + 1) + is_sign.sum() - hits)  # of the n highest scores
    best = iou.argmax()
    found.says("the best is {}, with an IoU of {}", scores[order[best + 1]], iou[best])
    found.says("Dice, at {}, is next to it", names["cuts"]["Dice"])


def test_15_7_where_counting_stops() -> None:
    found, step = Solution("15.7"), GIVEN["15.7"]["step"]
    for name, kind, at in (("bfloat16", torch.bfloat16, "stops at 2⁸"), ("float16", torch.float16, "at 2¹¹")):
        digits = round(-np.log2(torch.finfo(kind).eps)) + 1
        top = torch.tensor(2.0**digits, dtype=kind)
        assert top + 1 == top
        assert top - 1 != top
        found.says(f"{name} {at} = {{}}", top.item())
    found.says("For the book's step of {}: {}, {} and {}", step, 10_000 * step, 2048 * step, 256 * step)


def test_15_8_two_losses_two_opinions() -> None:
    found, answers = Solution("15.8"), exercise("15", "answers")["answers"]
    target = torch.tensor([[[0] * 9 + [1]]])
    shares = torch.tensor(np.stack([1 - answers, answers], axis=1)[:, :, None])  # (2, 2, 1, 10)
    logits = shares.clamp(min=1e-12).log()
    entropy, dice = ([loss(one[None], target).item() for one in logits] for loss in (training.cross_entropy, training.dice))
    assert entropy[0] < entropy[1]
    assert dice[1] < dice[0]
    sign = [1 - 2 * p[-1] / (p.sum() + 1) for p in answers]
    found.says("Its Dice score of the sign is only {}", 1 - sign[0])
    found.says("with nearly {} nats", -np.log(1 - answers[1, 8]))
    assert sign[1] == pytest.approx(1 / 3, abs=0.001)
    found.says("Dice with a third of one class")


def test_15_11_the_package_tests_the_last_epoch(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "(default: last)" in " ".join(capsys.readouterr().out.split())
    Solution("15.11").says("The package tests the last one")
