"""`mask_rcnn`: sizes of one network, what it takes and answers, and that odd scenes do not stop it."""

import copy

import numpy as np
import pytest
import torch
from torchvision.models import detection
from torchvision.models.detection import MaskRCNN
from torchvision.models.detection.roi_heads import paste_masks_in_image, project_masks_on_boxes

from detection_cases import ODD_SCENES, small_detector, squares
from segedu.models import SmallFPN, instance_targets, mask_rcnn, to_instances
from segedu.models.detection import clip_boxes, paste_masks
from segedu.training import SceneDataset

torch.set_num_threads(1)
LOSSES = {"loss_classifier", "loss_box_reg", "loss_mask", "loss_objectness", "loss_rpn_box_reg"}


def image_of(scene):
    return SceneDataset([scene])[0][0]


@pytest.fixture(scope="module")
def resnet():
    return mask_rcnn("resnet50_fpn", 9).eval()


def test_every_size_is_torchvisions_mask_rcnn(resnet):
    for model in (resnet, small_detector()):
        assert isinstance(model, MaskRCNN)


def test_there_is_one_score_for_each_category_and_one_for_nothing(resnet):
    for model, categories in ((resnet, 9), (small_detector(), 3)):
        heads = model.roi_heads
        assert heads.box_predictor.cls_score.out_features == categories + 1
        assert heads.mask_predictor.mask_fcn_logits.out_channels == categories + 1


def test_resnet50_fpn_answers_what_torchvisions_own_does(resnet):
    # torchvision normalises and resizes; given sizes that leave the image alone, the two have to agree.
    theirs = detection.maskrcnn_resnet50_fpn(
        weights=None, weights_backbone=None, num_classes=10, min_size=64, max_size=96
    ).eval()
    theirs.load_state_dict(resnet.state_dict())
    scene, small = squares([(5, 5, 20, 1)], (64, 96)), []
    theirs.roi_heads.register_forward_hook(
        lambda *args: small.append(args[-1][0][0]["masks"])
    )  # (N, 1, 28, 28)
    pixels = torch.tensor(scene.image).permute(2, 0, 1) / 255
    with torch.no_grad():
        expected, output = theirs([pixels])[0], resnet([image_of(scene)])[0]
    assert len(expected["scores"]) > 20
    expected["boxes"] = clip_boxes(expected["boxes"] + 0.5, (64, 96))  # from centres to edges
    expected["masks"] = paste_masks(small[0][:, 0], expected["boxes"], (64, 96))[:, None]
    for name, value in expected.items():
        torch.testing.assert_close(output[name], value, rtol=0, atol=1e-4)


def test_a_small_mask_is_pasted_into_its_box_and_not_beyond():
    # A full mask in a box of 3×10 pixels covers these 30. torchvision's rounding makes it at least 4×11.
    model = small_detector()
    box = torch.tensor([[10.0, 4.0, 13.0, 14.0]])
    output = {"boxes": box - 0.5, "masks": torch.ones(1, 1, 28, 28)}  # measured by centres inside
    (pasted,) = model.eval().transform.postprocess([output], [(32, 32)], [(32, 32)])
    expected = torch.zeros(32, 32, dtype=torch.bool)
    expected[4:14, 10:13] = True
    assert torch.equal(pasted["masks"][0, 0] >= 0.5, expected)
    assert torch.equal(pasted["boxes"], box)
    rounded = paste_masks_in_image(torch.ones(1, 1, 28, 28), box, (32, 32))[0, 0] >= 0.5
    assert rounded.sum() >= 44


@pytest.mark.parametrize("name", ["touching", "covered", "300 objects"])
def test_a_mask_head_that_learned_everything_answers_the_truth(name):
    # What the mask head has to learn is read off the true masks by torchvision, from boxes as the detector has
    # them. Answered and pasted, it is the truth again, to the pixel.
    scene, model = ODD_SCENES[name], small_detector()
    target = instance_targets(scene)
    _, (inside,) = model.transform([image_of(scene)], [target])
    n = len(inside["boxes"])
    learned = project_masks_on_boxes(inside["masks"], inside["boxes"], torch.arange(n), 28)
    output = {"boxes": inside["boxes"], "masks": learned[:, None]}
    (answer,) = model.eval().transform.postprocess([output], [scene.size], [scene.size])
    assert torch.equal(answer["masks"][:, 0] >= 0.5, target["masks"].bool())
    assert torch.equal(answer["boxes"], target["boxes"])


def test_version_2_takes_anchors_and_limits_too():
    model = mask_rcnn("resnet50_fpn_v2", 2, anchors=(8, 16, 32, 64, 128), max_detections=500)
    assert model.rpn.anchor_generator.sizes == ((8,), (16,), (32,), (64,), (128,))
    assert model.roi_heads.detections_per_img == 500


@pytest.mark.parametrize("name", ["tiny", "resnet50_fpn"])
def test_bins_are_read_at_so_many_points(name):
    for ratio in (1, 3):
        heads = mask_rcnn(name, 2, sampling_ratio=ratio).roi_heads
        assert heads.box_roi_pool.sampling_ratio == heads.mask_roi_pool.sampling_ratio == ratio
    usual = mask_rcnn(name, 2).roi_heads
    assert usual.box_roi_pool.sampling_ratio == usual.mask_roi_pool.sampling_ratio == 2  # torchvision's


@pytest.mark.parametrize(("most", "proposals"), [(5, 100), (150, 150), (400, 200)])
def test_a_small_network_learns_from_100_to_200_proposals(most, proposals):
    scene, seen = squares([(5, 5, 20, 1)], (64, 64)), []
    model = small_detector(max_detections=most).train()
    model.rpn.register_forward_hook(lambda *args: seen.append(len(args[-1][0][0])))
    model([image_of(scene)], [instance_targets(scene)])
    assert model.rpn.pre_nms_top_n() == model.rpn.post_nms_top_n() == proposals
    assert 0 < seen[0] <= proposals


def test_images_are_not_resized():
    model, sizes = small_detector().eval(), []
    model.backbone.register_forward_pre_hook(lambda _, x: sizes.append(tuple(x[0].shape)))
    output = model([torch.zeros(3, 40, 33), torch.zeros(3, 16, 64)])
    assert sizes == [(2, 3, 48, 64)]  # padded to multiples of 16 that hold both
    assert [o["masks"].shape[2:] for o in output] == [(40, 33), (16, 64)]


def test_images_are_not_normalised_again():
    model, seen = small_detector().eval(), []
    model.backbone.register_forward_pre_hook(lambda _, x: seen.append(x[0]))
    image = image_of(squares([(3, 3, 9, 1)]))
    model([image])
    assert torch.equal(seen[0][0], image)


def test_the_pyramid_has_strides_2_to_16():
    maps = SmallFPN(3, base_channels=4, out_channels=12)(torch.zeros(1, 3, 64, 96))
    assert {name: tuple(x.shape) for name, x in maps.items()} == {
        "0": (1, 12, 32, 48),
        "1": (1, 12, 16, 24),
        "2": (1, 12, 8, 12),
        "3": (1, 12, 4, 6),
        "fine": (1, 4, 64, 96),
    }


def test_the_finest_map_knows_what_is_far_away():
    # Change one corner of the image: the finest map changes in the middle, by way of the coarse ones.
    torch.manual_seed(0)
    fpn = SmallFPN(3, base_channels=8).eval()
    x = torch.randn(1, 3, 64, 64)
    y = x.clone()
    y[..., :4, :4] += 3
    change = (fpn(x)["0"] - fpn(y)["0"]).abs()[0].sum(dim=0)
    assert change[12, 12] > 0


@pytest.mark.parametrize("name", ODD_SCENES)
def test_odd_scenes_give_five_finite_losses_and_gradients(name):
    model = small_detector().train()
    scene = ODD_SCENES[name]
    losses = model(image_of(scene)[None], [instance_targets(scene)])
    assert set(losses) == LOSSES
    assert all(torch.isfinite(loss) for loss in losses.values())
    sum(losses.values()).backward()
    gradients = [p.grad for p in model.parameters()]
    assert all(g is not None and torch.isfinite(g).all() for g in gradients)
    if not len(instance_targets(scene)["labels"]):
        assert losses["loss_mask"] == losses["loss_box_reg"] == losses["loss_rpn_box_reg"] == 0


@pytest.mark.parametrize("name", ODD_SCENES)
def test_odd_scenes_get_an_answer(name):
    scene = ODD_SCENES[name]
    with torch.no_grad():
        output = small_detector().eval()([image_of(scene)])[0]
    found = to_instances(output)
    assert found.masks.shape == (len(output["scores"]), *scene.size)


def test_the_limit_of_detections_holds():
    scene = ODD_SCENES["300 objects"]
    torch.manual_seed(0)
    for limit in (7, 250):
        model = small_detector(max_detections=limit).eval()
        model.roi_heads.score_thresh = 0  # untrained scores are low
        model.roi_heads.nms_thresh = 1  # nothing is taken for a repetition
        with torch.no_grad():
            assert len(model([image_of(scene)])[0]["scores"]) == limit


def test_the_mask_loss_looks_at_the_true_class_alone():
    # Masks of another class may say anything: shifting their logits changes no loss.
    scene = squares([(4, 4, 14, 1)])
    model = small_detector().train()
    other = copy.deepcopy(model)
    with torch.no_grad():
        other.roi_heads.mask_predictor.mask_fcn_logits.bias[3] += 5  # class index 2 is label 3
    losses = []
    for network in (model, other):
        torch.manual_seed(1)  # which boxes are drawn
        losses.append(network(image_of(scene)[None], [instance_targets(scene)])["loss_mask"].item())
    assert losses[0] == losses[1]
    with torch.no_grad():
        other.roi_heads.mask_predictor.mask_fcn_logits.bias[2] += 5
    torch.manual_seed(1)
    changed = other(image_of(scene)[None], [instance_targets(scene)])["loss_mask"].item()
    assert changed != losses[0]


def test_weights_are_of_the_global_generator():
    a, b, c = small_detector(1), small_detector(1), small_detector(2)
    weights = [np.concatenate([p.detach().numpy().ravel() for p in m.parameters()]) for m in (a, b, c)]
    np.testing.assert_array_equal(weights[0], weights[1])
    assert (weights[0] != weights[2]).any()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("huge", 3), "name: expected one of tiny, resnet50_fpn, resnet50_fpn_v2, got 'huge'"),
        (("tiny", 0), "num_classes: expected an integer of at least 1"),
        (("tiny", 3, {"anchors": (4, 8)}), "anchors: expected 4 sides above 0 for 'tiny', got"),
        (("tiny", 3, {"max_detections": 0}), "max_detections: expected"),
        (("tiny", 3, {"sampling_ratio": 0}), "sampling_ratio: expected an integer of at least 1, got 0"),
        (("tiny", 3, {"weights": "DEFAULT"}), "weights: expected None for 'tiny'"),
        (("resnet50_fpn", 3, {"weights": "BEST"}), "weights: expected None, 'DEFAULT' or .* got 'BEST'"),
    ],
)
def test_what_cannot_be_made_is_refused(arguments, message):
    name, classes, settings = (*arguments, {})[:3]
    with pytest.raises(ValueError, match=message):
        mask_rcnn(name, classes, **settings)
