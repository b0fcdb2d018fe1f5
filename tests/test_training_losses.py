"""`segedu.training.losses`: by hand, by order, and against torch and torchvision."""

import math

import numpy as np
import pytest
import torch
from torch.nn import functional
from torchvision.ops import sigmoid_focal_loss

from segedu.datasets import summary
from segedu.synthetic import street_scene
from segedu.training import LOSSES, cross_entropy, cross_entropy_and_dice, dice, focal, median_frequency_weights

torch.set_num_threads(1)

EVERY_LOSS = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)


def a_batch(seed=0, shape=(2, 4, 6, 5), void=0.2):
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(shape, generator=generator)
    target = torch.randint(0, shape[1], (shape[0], *shape[2:]), generator=generator)
    target[torch.rand(target.shape, generator=generator) < void] = 255
    return logits, target


def sure_of(labels, classes, logit=8.0):
    """Logits that are almost certain of some labels."""
    return logit * functional.one_hot(labels, classes).movedim(-1, 1).float()


@EVERY_LOSS
def test_right_is_better_than_unsure_is_better_than_wrong(loss):
    target = torch.tensor([[[0, 1, 2], [2, 1, 0]]])
    right, wrong = sure_of(target, 3), sure_of((target + 1) % 3, 3)
    assert loss(right, target) < loss(torch.zeros_like(right), target) < loss(wrong, target)


@EVERY_LOSS
def test_void_pixels_change_nothing(loss):
    logits, target = a_batch()
    other = logits.clone()
    other[(target == 255)[:, None].expand_as(logits)] = 50.0 * torch.randn(1).item() + 3
    assert loss(logits, target) == loss(other, target)


@EVERY_LOSS
def test_void_pixels_have_no_gradient(loss):
    logits, target = a_batch()
    logits.requires_grad_()
    loss(logits, target).backward()
    strength = logits.grad.abs().sum(dim=1)
    assert (strength[target == 255] == 0).all()
    assert (strength[target != 255] > 0).all()


@EVERY_LOSS
def test_nothing_but_void_gives_0_and_no_gradient(loss):
    logits = torch.randn(1, 3, 2, 2, requires_grad=True)
    value = loss(logits, torch.full((1, 2, 2), 255))
    value.backward()
    assert value == 0
    assert (logits.grad == 0).all()


@EVERY_LOSS
def test_images_without_known_pixels_change_nothing(loss):
    # A mean of the images' means would: the batch is one pool of pixels.
    logits, target = a_batch()
    empty = torch.full_like(target[:1], 255)
    more = loss(torch.cat([logits, logits[:1]]), torch.cat([target, empty]))
    torch.testing.assert_close(more, loss(logits, target))


@EVERY_LOSS
def test_half_precision_logits_are_computed_in_float32(loss):
    logits, target = a_batch()
    half = logits.bfloat16()
    assert loss(half, target).dtype == torch.float32
    assert loss(half, target) == loss(half.float(), target)


@EVERY_LOSS
def test_shapes_that_do_not_fit_are_refused(loss):
    with pytest.raises(ValueError, match=r"got \(1, 2, 4, 4\) and \(1, 4, 5\)"):
        loss(torch.zeros(1, 2, 4, 4), torch.zeros(1, 4, 5, dtype=torch.int64))


def test_cross_entropy_is_torchs():
    logits, target = a_batch()
    torch.testing.assert_close(
        cross_entropy(logits, target), functional.cross_entropy(logits, target, ignore_index=255)
    )
    weights = torch.tensor([0.5, 1.0, 3.0, 0.1])
    torch.testing.assert_close(
        cross_entropy(logits, target, weights=weights),
        functional.cross_entropy(logits, target, weights, ignore_index=255),
    )


def test_focal_loss_of_two_classes_is_torchvisions():
    # Softmax of (0, x) is the sigmoid of x.
    x = torch.randn(3, 5, 4, generator=torch.Generator().manual_seed(1))
    target = (x > 0.3).long()
    logits = torch.stack([torch.zeros_like(x), x], dim=1)
    expected = sigmoid_focal_loss(x, target.float(), alpha=-1, gamma=2, reduction="mean")
    torch.testing.assert_close(focal(logits, target), expected)


def test_focal_loss_with_gamma_0_is_cross_entropy():
    logits, target = a_batch()
    torch.testing.assert_close(focal(logits, target, gamma=0), cross_entropy(logits, target))


def test_focal_loss_by_hand():
    # p = 3/4 for the true class: (1/4)² · -log(3/4).
    logits = torch.tensor([math.log(3.0), 0.0]).view(1, 2, 1, 1)
    value = focal(logits, torch.tensor([[[0]]]))
    assert value.item() == pytest.approx(-math.log(0.75) / 16, rel=1e-6)


def test_dice_by_hand():
    # Three known pixels of classes 0, 0, 1 with p(0) = 3/4, 3/4, 1/4; the fourth is void.
    # Class 0: 2 · 1.5 / (1.75 + 2) = .8. Class 1: 2 · .75 / (1.25 + 1) = 2/3. Class 2 is impossible and absent.
    first = torch.tensor([math.log(3.0), 0.0, -1e4])
    second = torch.tensor([0.0, math.log(3.0), -1e4])
    logits = torch.stack([first, first, second, second], dim=1).view(1, 3, 2, 2)
    value = dice(logits, torch.tensor([[[0, 0], [1, 255]]]))
    assert value.item() == pytest.approx(1 - (0.8 + 2 / 3) / 2, rel=1e-6)


def test_dice_of_certain_predictions_is_that_of_the_label_maps():
    from segedu.metrics import confusion_matrix, dice_per_class

    target, preds = torch.tensor([[[0, 0, 1, 2], [1, 1, 2, 2]]]), torch.tensor([[[0, 1, 1, 2], [1, 2, 2, 0]]])
    expected = dice_per_class(confusion_matrix(preds.numpy(), target.numpy(), 3)).mean()
    assert dice(sure_of(preds, 3, logit=100.0), target).item() == pytest.approx(1 - expected, rel=1e-6)


def test_the_sum_is_the_sum():
    logits, target = a_batch()
    both = cross_entropy_and_dice(logits, target)
    torch.testing.assert_close(both, cross_entropy(logits, target) + dice(logits, target))


def test_weights_move_the_loss_towards_their_class():
    # Class 1 is wrong, class 0 right: the more class 1 counts, the larger the loss.
    target = torch.tensor([[[0, 0, 0, 1]]])
    logits = sure_of(torch.zeros_like(target), 2, logit=2.0)
    losses = [cross_entropy(logits, target, weights=torch.tensor([1.0, w])).item() for w in (0.1, 1.0, 10.0)]
    assert losses == sorted(losses)


def test_median_frequency_weights_of_shares():
    # Frequencies .5, .3, .2 of the labelled pixels; the median is .3.
    np.testing.assert_allclose(median_frequency_weights([50, 30, 20]), [0.6, 1, 1.5], rtol=1e-6)


def test_median_frequency_weights_of_the_paper_count_images_with_the_class():
    # 50 of 100 pixels, 10 of 20, 4 of 40: frequencies .5, .5, .1.
    np.testing.assert_allclose(median_frequency_weights([50, 10, 4], [100, 20, 40]), [1, 1, 5], rtol=1e-6)


def test_a_class_without_pixels_has_weight_0():
    np.testing.assert_allclose(median_frequency_weights([30, 0, 10]), [0.5 / 0.75, 0, 0.5 / 0.25], rtol=1e-6)


def test_weights_come_from_a_summary():
    counted = summary([street_scene(seed, (32, 48)) for seed in range(3)])
    weights = median_frequency_weights(counted.pixels)
    seen = counted.pixels > 0
    assert weights.shape == (9,)
    assert (np.argsort(weights.numpy()[seen]) == np.argsort(-counted.pixels[seen])).all()


@pytest.mark.parametrize(("pixels", "present"), [([0, 0], None), ([-1, 2], None), ([1, 2], [3])])
def test_counts_that_are_none_are_refused(pixels, present):
    with pytest.raises(ValueError, match="expected one count for each class, not all 0"):
        median_frequency_weights(pixels, present)
