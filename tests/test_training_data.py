"""`segedu.training.data`: what a network sees, and that it sees the same again."""

import numpy as np
import pytest
import torch
from torchvision import tv_tensors

from segedu import VOID, Scene
from segedu.training import EpochBatches, SceneDataset, augmentation, normalise, training_loader
from segedu.training.data import RandomScale
from training_cases import DARK, LIGHT, halves, some_halves, some_streets

torch.set_num_threads(1)


def a_scene(image, semantic):
    semantic = np.asarray(semantic)
    return Scene(image, semantic, np.zeros(semantic.shape, int), (DARK, LIGHT))


def test_an_image_is_normalised_channel_by_channel():
    # Red 124 of 255 is .4863, .0013 above the mean; by .229 that is .0056. Blue 0 is -.406 / .225 = -1.8044.
    scene = a_scene(np.full((1, 1, 3), (124, 255, 0), np.uint8), [[0]])
    image, _ = SceneDataset([scene])[0]
    np.testing.assert_allclose(image[:, 0, 0], [0.0056, 2.4286, -1.8044], atol=1e-4)


def test_rows_and_columns_stay_where_they_are_and_void_is_255():
    image = np.zeros((2, 3, 3), np.uint8)
    image[0, 2] = 255
    pixels, target = SceneDataset([a_scene(image, [[0, 0, 1], [0, 0, 255]])])[0]
    assert pixels.shape == (3, 2, 3)
    assert target.dtype == torch.int64
    assert target.tolist() == [[0, 0, 1], [0, 0, 255]]
    assert pixels[0].argmax() == 2


def test_a_scene_stays_as_it_was():
    scene = halves(0)
    before = scene.image.copy()
    SceneDataset([scene], augment=augmentation((8, 8)))[0]
    np.testing.assert_array_equal(scene.image, before)


def test_numbers_beyond_the_last_image_are_later_looks_at_the_same():
    scenes = some_halves(3)
    plain = SceneDataset(scenes)
    assert torch.equal(plain[4][0], plain[1][0])
    looks = SceneDataset(scenes, augment=augmentation((16, 16)))
    assert not torch.equal(looks[4][0], looks[1][0])


def test_iterating_ends_after_one_look():
    assert len(list(SceneDataset(some_halves(3)))) == 3


@pytest.mark.parametrize("k", [-1, -4])
def test_negative_numbers_are_refused(k):
    with pytest.raises(IndexError, match="expected 0 or more"):
        SceneDataset(some_halves(3))[k]


def test_no_scenes_are_refused():
    with pytest.raises(ValueError, match="at least one scene, got none"):
        SceneDataset([])


def test_a_look_depends_on_seed_and_number_alone():
    scenes = some_halves(3)
    first = SceneDataset(scenes, augment=augmentation((16, 16)), seed=5)
    again = SceneDataset(scenes, augment=augmentation((16, 16)), seed=5)
    expected = [first[k][0] for k in range(6)]
    torch.manual_seed(1)
    assert all(torch.equal(again[k][0], expected[k]) for k in reversed(range(6)))
    other = SceneDataset(scenes, augment=augmentation((16, 16)), seed=6)
    assert not torch.equal(other[0][0], expected[0])


def test_a_look_leaves_the_global_generator_as_it_was():
    dataset = SceneDataset(some_halves(1), augment=augmentation((16, 16)))
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    dataset[0]
    assert torch.equal(torch.rand(2), expected)


def test_workers_change_nothing():
    def epoch(workers):
        dataset = SceneDataset(some_halves(6), augment=augmentation((16, 16)), seed=1)
        batches = EpochBatches(6, 2, seed=1)
        batches.epoch = 2
        return list(training_loader(dataset, batches, workers=workers))

    alone, helped = epoch(0), epoch(2)
    assert len(alone) == len(helped) == 3
    for (images, target), (images_2, target_2) in zip(alone, helped, strict=True):
        assert torch.equal(images, images_2)
        assert torch.equal(target, target_2)


def test_labels_keep_to_their_image_under_augmentation():
    # Light pixels are class 1. Whatever is scaled, moved or mirrored, each known label must fit the light
    # there; only columns beside the one edge may mix. Colours are left alone: 125 parts light from dark.
    dataset = SceneDataset(some_halves(4), augment=augmentation((24, 24), color=0))
    for k in range(40):
        image, target = dataset[k]
        light = image[0] > (125 / 255 - 0.485) / 0.229
        known = target != VOID
        wrong = (light != (target == 1)) & known
        assert known.any()
        assert wrong.any(dim=0).sum() <= 2  # columns


def test_labels_are_never_mixed():
    dataset = SceneDataset(some_streets(3), augment=augmentation((24, 40)))
    allowed = {*np.unique([s.semantic for s in dataset.scenes]).tolist(), VOID}
    for k in range(12):
        assert set(dataset[k][1].unique().tolist()) <= allowed


def test_at_scale_1_the_whole_image_is_shown():
    dataset = SceneDataset([halves(0)], augment=augmentation((16, 16), scale=(1, 1), flip=0, color=0))
    image, target = dataset[0]
    plain, truth = SceneDataset([halves(0)])[0]
    assert torch.equal(image, plain)
    assert torch.equal(target, truth)


def test_a_wide_image_fits_by_its_width():
    # 16×64 into 16×32: halved to 8×32, with 8 rows of frame, void.
    scene = a_scene(np.full((16, 64, 3), 90, np.uint8), np.zeros((16, 64), int))
    image, target = SceneDataset([scene], augment=augmentation((16, 32), scale=(1, 1), flip=0, color=0))[0]
    assert image.shape == (3, 16, 32)
    assert (target == 0).sum() == 8 * 32
    assert (target == VOID).sum() == 8 * 32


def test_the_frame_is_grey_in_the_image_where_it_is_void_in_the_labels():
    scene = a_scene(np.full((8, 8, 3), 255, np.uint8), np.zeros((8, 8), int))
    image, target = SceneDataset([scene], augment=augmentation((8, 8), scale=(0.5, 0.5), flip=0, color=0))[0]
    assert (target == VOID).sum() == 64 - 16
    assert image[:, target == VOID].abs().max() < 0.01  # the mean, but for rounding to bytes
    assert image[:, target == 0].min() > 2


@pytest.mark.parametrize("factor", [0.7, 0.83, 0.9123, 1.37])
def test_classes_and_ids_are_scaled_from_the_same_pixels(factor):
    # Row k holds k. The two maps have different types, for which torch has different kernels.
    for height in range(50, 250):
        rows = torch.arange(height)[:, None].expand(height, 2).contiguous()
        classes, ids = tv_tensors.Mask(rows.to(torch.uint8)), tv_tensors.Mask(rows.int())
        size = {"size": (round(factor * height), 2)}
        scale = RandomScale(None, (factor, factor))
        assert torch.equal(scale.transform(classes, size).int(), scale.transform(ids, size))


def test_labels_are_taken_from_the_nearest_centre():
    # Nine pixels become three, whose centres lie at 1.5, 4.5 and 7.5: in the middle of pixels 1, 4 and 7.
    labels = tv_tensors.Mask(torch.arange(9, dtype=torch.uint8)[None])
    small = RandomScale((1, 3), (1, 1))(labels)
    assert small.tolist() == [[1, 4, 7]]


@pytest.mark.parametrize("flip", [0, 1])
def test_flip_is_a_probability(flip):
    image, _ = SceneDataset([halves(1)], augment=augmentation((16, 16), scale=(1, 1), flip=flip, color=0))[0]
    plain, _ = SceneDataset([halves(1)])[0]
    assert torch.equal(image, plain.flip(-1) if flip else plain)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"size": (0, 4)}, "size: expected"),
        ({"size": (4, 4), "scale": (2, 1)}, "scale: expected"),
        ({"size": (4, 4), "flip": 2}, "flip: expected 0 to 1, got 2"),
        ({"size": (4, 4), "color": -1}, "color: expected 0 to 1"),
    ],
)
def test_an_augmentation_out_of_range_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        augmentation(**arguments)


def test_normalise_takes_batches_too():
    images = torch.randint(0, 256, (2, 3, 4, 5), dtype=torch.uint8)
    assert torch.equal(normalise(images)[1], normalise(images[1]))


def test_an_epoch_shows_no_image_twice():
    batches = EpochBatches(10, 3, seed=4)
    batches.epoch = 7
    shown = [k for batch in batches for k in batch]
    assert len(shown) == 9 == len(set(shown))
    assert all(70 <= k < 80 for k in shown)


def test_epochs_have_orders_of_their_own_and_an_epoch_always_the_same():
    batches = EpochBatches(12, 4, seed=0)
    first = list(batches)
    assert list(batches) == first
    batches.epoch = 1
    assert [[k - 12 for k in batch] for batch in batches] != first


@pytest.mark.parametrize(("batch_size", "processes"), [(4, 2), (5, 2), (3, 3)])
def test_processes_share_each_batch_of_one_process(batch_size, processes):
    whole = list(EpochBatches(17, batch_size, seed=2))
    shares = [
        list(EpochBatches(17, batch_size, seed=2, process=p, processes=processes)) for p in range(processes)
    ]
    for number, batch in enumerate(whole):
        assert sorted(k for share in shares for k in share[number]) == sorted(batch)


def test_batches_that_cannot_be_filled_are_refused():
    with pytest.raises(ValueError, match="expected 1 to 3, the number of training images, got 4"):
        EpochBatches(3, 4)
    with pytest.raises(ValueError, match="at least one image for each of 4 processes, got 2"):
        EpochBatches(8, 2, processes=4)


def test_a_number_is_named_by_the_data_sets_own_id():
    class Named(list):
        ids = ("a", "b")

    assert SceneDataset(Named(some_halves(2))).name(3) == "b"
    assert SceneDataset(some_halves(2)).name(3) == "1"
