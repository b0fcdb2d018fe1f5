"""What the solutions of chapters 1 to 4 say: their sentences and numbers, held against what code gives."""

from __future__ import annotations

from itertools import product
from math import pi

import numpy as np
import pytest
from scipy import ndimage

from chapter_cells import chapter, exercise
from segedu import datasets, masks, photos
from segedu.exercises import variant
from written_solutions import Solution

GIVEN = variant("")
EVERYWHERE = np.ones((3, 3))  # a step may lead along a diagonal


def test_a_sentence_is_held_to_its_numbers() -> None:
    found = Solution("01.1")
    found.says("{} image labels", 10)
    with pytest.raises(AssertionError, match="the code gives"):
        found.says("{} image labels", 11)
    with pytest.raises(AssertionError, match="does not say"):
        found.says("{} labels of the image", 10)


def test_01_1_numbers_of_an_answer() -> None:
    found = Solution("01.1")
    height, width, classes, objects = GIVEN["01.1"].values()
    found.says("{} image labels; {} × 5 = {} for the boxes", classes, objects, 5 * objects)
    stack = np.zeros((objects, height, width), bool)
    found.says("{} × {} × {} = {} for the masks", *stack.shape, stack.size)
    found.says("{} × {} = {} for the label map", *stack[0].shape, stack[0].size)


def test_01_4_coins_fill_their_boxes_as_a_disc_fills_a_square() -> None:
    found = Solution("01.4")
    smallest, largest = found.run()
    found.says("from {} to {}, around π/4 ≈ {}", smallest, largest, pi / 4)
    assert smallest < pi / 4 < largest


def test_01_5_where_the_vegetation_comes_from() -> None:
    corner = exercise("01", "corner")["corner"]
    found = Solution("01.5")
    found.says("The {} is the mean of {}, {}, {} and {}", 3, *corner[:2, 2:].ravel())
    assert corner[:2, 2:].mean() == 3


def test_01_6_thresholds_on_the_coins() -> None:
    found, coins = Solution("01.6"), photos.load("coins")
    gray, truth = coins.image[..., 0].astype(float), coins.semantic == 1
    plain = max(((gray > cut) == truth).mean() for cut in range(256))
    found.asks("at {}% of the pixels at best", 100 * plain)
    lifted = gray - ndimage.gaussian_filter(gray, 40)
    agreement = [((lifted > cut) == truth).mean() for cut in range(50)]
    found.says("{} % agree with a threshold of {}", 100 * max(agreement), np.argmax(agreement))
    assert np.array_equal(exercise("01", "guess")["guess"], lifted > np.argmax(agreement))


def test_02_2_two_arrays() -> None:
    found, (semantic, instance) = Solution("02.2"), GIVEN["02.2"].values()
    sheep = [n for n in np.unique(instance) if n and (semantic[instance == n] == 2).all()]
    (dog,) = np.unique(instance[semantic == 3])
    found.says("sheep {} and {} and dog {} are three objects", *sheep, dog)
    assert not np.isin(range(3, dog), instance).any()
    found.says("the numbers {} to {} are not used", max(sheep) + 1, dog - 1)
    found.says("Sheep {} is one object in its {} pieces", sheep[0], ndimage.label(instance == sheep[0])[1])
    assert ndimage.label(semantic == 0)[1] > 1
    found.says("The {} pixels of sheep without a number", ((semantic == 2) & (instance == 0)).sum())
    found.says("The {} pixels with 255", (semantic == 255).sum())


def test_02_4_a_right_count_of_wrong_pedestrians() -> None:
    found = Solution("02.4")
    counted, right = found.run()
    found.says("The count is right in {} streets, and the regions are the pedestrians in {}", counted, right)
    assert counted < 30 / 2  # "in most streets not even the count is right"
    names = chapter("02", "synthetic", "regions_and_objects")
    cancelling = 0
    for seed in range(30):
        scene = names["synthetic"].street_scene(seed=seed)
        region, one = names["regions_and_objects"](scene.semantic == 6, scene.instance)
        merged, split = ((np.bincount(side) > 1).sum() for side in (region, one))
        cancelling += len(np.unique(region)) == len(np.unique(one)) and merged > 0 and split > 0
    assert cancelling == counted - right  # merged and split pedestrians cancel, in all the others


def test_02_5_diagonal_steps_mend_the_bicycle() -> None:
    street = chapter("02", "street")["street"]
    bicycle = street.semantic == 7
    assert ndimage.label(bicycle)[1] > 1
    assert ndimage.label(bicycle, EVERYWHERE)[1] == 1
    Solution("02.5").says("the bicycle of the chapter becomes whole")


def test_02_6_two_wrong_ways_with_void() -> None:
    names = exercise("02", "tiny", "share", "colleagues_share")
    tiny, share = names["tiny"], names["share"]
    assert names["colleagues_share"](tiny, 0) > share(tiny, 0)
    assert all((tiny == k).mean() < share(tiny, k) for k in (0, 1))
    Solution("02.6").says("left in the denominator it makes every class smaller")


def test_03_1_sheep() -> None:
    found, (semantic, instance) = Solution("03.1"), GIVEN["03.1"].values()
    one, two = instance == 1, instance == 2
    found.says("Sheep 1 has {} pixels, in {} pieces", one.sum(), ndimage.label(one)[1])
    found.says("Sheep 2 has {} pixel", two.sum())
    found.says("There are {} segments: grass with {} pixels", 3, (semantic == 0).sum())
    regions, count = ndimage.label(semantic == 1)
    found.says("form {} regions, so the count is right", count)
    left, right = (regions == k for k in (1, 2))
    assert (left & one).sum() == (right & one).sum() == one.sum() / 2
    assert (right & two).sum() == two.sum()
    assert not any(np.array_equal(a, b) for a, b in product((left, right), (one, two)))


def test_03_2_two_pairs_with_one_number() -> None:
    Solution("03.2").says("1 · 1000 + 1001 and 2 · 1000 + 1 are both {}", 2 * 1000 + 1)
    assert 1 * 1000 + 1001 == 2 * 1000 + 1


def test_03_4_who_gets_the_pixel() -> None:
    found, given = Solution("03.4"), GIVEN["03.4"]
    strips = np.array(
        [[a <= k < b for k in range(8)] for a, b in zip(given["start"], given["stop"], strict=True)]
    )

    def owned(order: list[int]) -> list[int]:
        free, pixels = np.ones(8, bool), [0, 0, 0]
        for k in order:
            pixels[k], free = int((strips[k] & free).sum()), free & ~strips[k]
        return pixels

    found.says("all of which is taken: [{}, {}, {}]", *owned([2, 0, 1]))
    found.says("mask 0 keeps 2: [{}, {}, {}]", *owned([1, 2, 0]))


def test_03_5_who_is_inside_whom() -> None:
    found = Solution("03.5")
    *pixels, wrong = found.run()
    assert np.isin([1, 2], pixels).all()  # car and person are both there: "It saves the person"
    names = chapter("03", "wrong", "surest", "car", "person")
    surest = names["wrong"](names["surest"])
    found.says("{} object pixels differ from the truth, against {} of *surest first*", wrong, surest)
    assert wrong > surest  # "it does no better on the street"


def test_03_6_twenty_streets() -> None:
    found = Solution("03.6")
    off, signed, right = found.run()
    found.says("off by {} on average, and right in {} streets of 20", off, right)
    found.says("the mean error is {}", signed)
    assert 0 < abs(signed) < off  # both signs occur


def test_04_1_ids_from_colours() -> None:
    found, (first, second) = Solution("04.1"), GIVEN["04.1"].values()
    ids = [np.dot(color, (1, 256, 256**2)) for color in (first, second)]
    found.says("{} + 256 · {} + 65,536 · {} = {}, and {}", *first, *ids)


def test_04_2_a_mask_from_run_lengths() -> None:
    found, given = Solution("04.2"), GIVEN["04.2"]
    mask = masks.rle_decode(dict(given)).astype(int)
    columns = " | ".join("{} {} {} {}" for _ in mask.T)
    found.says(f"The book's columns from top to bottom: {columns}", *mask.T.ravel())
    found.says("{} + {} = {} pixels", given["counts"][1], given["counts"][3], mask.sum())
    assert mask[0, 2]
    assert not mask[1:, 2].any()  # "and the first one of the third"
    found.says("the last {} pixels of the second column", mask[1:, 1].sum())


def test_04_3_what_fits_into_the_file() -> None:
    Solution("04.3").says(
        "numbers from {} to {} fit", *(getattr(np.iinfo(np.uint16), at) for at in ("min", "max"))
    )


def test_04_4_where_the_road_goes() -> None:
    road, sign = (datasets.cityscapes_label(name) for name in ("road", "traffic sign"))
    found = Solution("04.4")
    found.says("Road becomes {}, and {} is a train id too", road.id, sign.train_id)
    assert exercise("04", "colleagues_label_ids")["colleagues_label_ids"](np.array([[0]])) == sign.id
    found.asks("Road, train id {}, should become label id {}", road.train_id, road.id)


def test_04_5_most_of_the_street_is_background() -> None:
    found, street = Solution("04.5"), chapter("04", "street")["street"]
    (share,) = found.run()
    found.says("{} %: road, pavement, building, vegetation and sky are one class now", 100 * share)
    voc = {category.name for category in datasets.VOC_CATEGORIES} | {"pedestrian"}
    present = np.unique(street.semantic[street.semantic < 255])
    lost = [street.categories[k].name for k in present if street.categories[k].name not in voc]
    assert lost == ["road", "pavement", "building", "vegetation", "sky"]


def test_04_6_groups_move_as_a_whole() -> None:
    found = Solution("04.6")
    _, sizes, leaks = np.reshape(found.run(), (-1, 3)).T
    assert not leaks.any()
    group_of = chapter("04", "group_of")["group_of"]
    groups = len(np.unique(group_of))
    found.says("{} to {} images, of {}", sizes.min(), sizes.max(), len(group_of))
    found.says("{} independent pieces, not {}", groups, len(group_of))
    found.asks(".permutation({})", groups)
    assert sizes.max() <= len(group_of) / 5

    large = np.bincount(group_of)[group_of] >= 8  # images of large groups: what a val holds
    pick = exercise("04", "in_validation")["in_validation"]
    shares = []
    for seed in range(100):
        rng = np.random.default_rng(seed)
        by_group = large[pick(group_of, rng.permutation(groups))].mean()
        shares.append((by_group, rng.permutation(large)[: len(large) // 5].mean()))
    by_group, at_random = np.std(shares, axis=0)
    assert by_group > at_random  # "splits differ more in *what* they hold than random ones do"


def test_04_7_a_byte_with_void_in_it() -> None:
    Solution("04.7").says("of one byte, as in VOC, ends at {}", 255 - 1)
