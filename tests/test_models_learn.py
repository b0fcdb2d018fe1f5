"""Networks learn one street by heart: to the pixel, or as far as their stride lets them."""

import numpy as np
import pytest
import torch
from torch.nn.functional import avg_pool2d, cross_entropy, interpolate, one_hot

from networks import one_thread  # noqa: F401
from segedu import metrics
from segedu.models import DeconvNet, FCN8s, FCN16s, FCN32s, SegNet, UNet
from segedu.synthetic import street_scene

SCENE = street_scene(3, size=(64, 64))
CLASSES = len(SCENE.categories)
IMAGE = torch.from_numpy(SCENE.image.copy()).permute(2, 0, 1)[None].float() / 255  # (1, 3, 64, 64)
TARGET = torch.from_numpy(SCENE.semantic.copy()).long()[None]  # (1, 64, 64)
# Four fields of 64×64 pixels in a checkerboard of two classes: no outline that a stride of 32 could not draw.
FIELDS = torch.tensor([[[0, 1], [1, 0]]]).repeat_interleave(64, 1).repeat_interleave(64, 2)  # (1, 128, 128)


def mean_iou(labels, target=TARGET):
    confmat = metrics.confusion_matrix(
        preds=labels[0].numpy(), target=target[0].numpy(), num_classes=int(target.max()) + 1
    )
    return metrics.mean_iou(confmat)


def learned(model, steps, lr, image=IMAGE, target=TARGET):
    """The mIoU after some steps on a scene. Rare classes weigh more, as they do in the mIoU."""
    weight = torch.bincount(target.flatten()).clamp(min=1) ** -0.5
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    for _ in range(steps):
        loss = cross_entropy(model(image), target, weight=weight)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        return mean_iou(model.eval()(image).argmax(dim=1), target)


@pytest.mark.parametrize(
    ("model", "steps"),
    [
        (lambda: UNet(3, CLASSES, base_channels=8), 120),
        (lambda: DeconvNet(3, CLASSES, base_channels=8), 200),
        (lambda: SegNet(3, CLASSES, base_channels=8, stages=(2, 2, 3)), 200),
    ],
    ids=["UNet", "DeconvNet", "SegNet"],
)
def test_networks_that_reach_every_pixel_learn_a_scene_by_heart(model, steps):
    assert learned(model().train(), steps, lr=0.02) > 0.98


@pytest.mark.parametrize("network", [FCN32s, FCN16s, FCN8s])
def test_fcns_learn_a_scene_by_heart_whose_outlines_they_can_draw(network):
    image = torch.rand(1, 3, 128, 128, generator=torch.Generator().manual_seed(0)) / 4 + FIELDS[:, None] / 2
    model = network(3, 2, base_channels=4).eval()  # without dropout
    assert learned(model, 60, lr=0.001, image=image, target=FIELDS) > 0.98


def test_fcns_learn_more_than_the_labels_at_their_stride_and_the_finer_the_more():
    # An FCN has one score for each 8×8 (16×16, 32×32) pixels and interpolates. The shares of the true classes
    # in each such square, interpolated alike, are what it can be sure to draw; moving scores about, it draws
    # more.
    reached = []
    for network, stride in ((FCN32s, 32), (FCN16s, 16), (FCN8s, 8)):
        shares = avg_pool2d(one_hot(TARGET, CLASSES).permute(0, 3, 1, 2).float(), stride)
        drawn = interpolate(shares, scale_factor=stride, mode="bilinear", align_corners=False)
        # There is no batch norm, so eval() only leaves dropout out: by heart, nothing should be forgotten.
        reached.append(learned(network(3, CLASSES, base_channels=4).eval(), steps=60, lr=0.003))
        assert reached[-1] > mean_iou(drawn.argmax(dim=1))
    assert reached == sorted(reached)
    assert np.diff(reached).min() > 0.02
