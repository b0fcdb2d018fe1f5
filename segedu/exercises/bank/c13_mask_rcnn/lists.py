"""13.5 and 13.6: which boxes stay in the list, class by class, and which mask of each learns."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from segedu import masks
from segedu.exercises.exercise import Case, FunctionExercise, Misconception

Numbers = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]


def stay(boxes: Numbers, scores: Numbers, labels: Labels, limit: float) -> Labels:
    """Positions of those that stay, surest first, by the package: the reference of 13.5."""
    import torch

    from segedu.models import detection

    pair = [torch.from_numpy(np.asarray(one, float)) for one in (boxes, scores)]
    groups = torch.from_numpy(np.asarray(labels, np.int64))
    return detection.batched_nms(pair[0], pair[1], groups, iou_threshold=limit).numpy()


def _all_classes(boxes: Numbers, scores: Numbers, labels: Labels, limit: float) -> Labels:
    return stay(boxes, scores, 0 * labels, limit)


def _by_position(boxes: Numbers, scores: Numbers, labels: Labels, limit: float) -> Labels:
    return stay(boxes, -np.arange(len(scores), dtype=float), labels, limit)


def _sorted(boxes: Numbers, scores: Numbers, labels: Labels, limit: float) -> Labels:
    return np.sort(stay(boxes, scores, labels, limit))


def _least_first(boxes: Numbers, scores: Numbers, labels: Labels, limit: float) -> Labels:
    return stay(boxes, -scores, labels, limit)


def _at_the_limit(boxes: Numbers, scores: Numbers, labels: Labels, limit: float) -> Labels:
    return stay(boxes, scores, labels, limit - 1e-6)


def _struck_strike(boxes: Numbers, scores: Numbers, labels: Labels, limit: float) -> Labels:
    order = np.argsort(-scores, kind="stable")
    boxes, same = boxes[order], labels[order][:, None] == labels[order][None]
    earlier = np.triu(np.ones_like(same), k=1)
    return order[~((masks.box_iou(boxes, boxes) > limit) & same & earlier).any(axis=0)]


def _random_list(rng: np.random.Generator) -> tuple[Numbers, Numbers, Labels, float]:
    count = int(rng.integers(2, 9))
    corners = rng.integers(0, 6, (count, 2)).astype(float)
    boxes = np.concatenate([corners, corners + rng.integers(3, 8, (count, 2))], axis=1)
    scores = rng.permutation(np.linspace(0.1, 0.9, count).round(3))
    return boxes, scores, rng.integers(0, 2, count), float(rng.choice([0.21, 0.37, 0.51]))


def _row(*left: float, length: float = 4) -> Numbers:
    """Boxes of height 2 from their left ends."""
    return np.array([[x, 0, x + length, 2] for x in left], float).reshape(-1, 4)


SUPPRESS = FunctionExercise(
    id="13.5",
    title="Suppression, class by class",
    reference=stay,
    cases=(
        Case((_row(0, 1), np.array([0.9, 0.8]), np.array([1, 1]), 0.5), "one car, found twice"),
        Case((_row(0, 1), np.array([0.8, 0.9]), np.array([1, 1]), 0.5), "the second is the surer one"),
        Case((_row(0, 1), np.array([0.9, 0.8]), np.array([1, 2]), 0.5), "two classes"),
        Case((_row(0, 9), np.array([0.3, 0.6]), np.array([1, 1]), 0.5), "apart: the surer comes first"),
        Case((_row(0, 1, 3), np.array([0.9, 0.8, 0.7]), np.array([1, 1, 1]), 0.3), "three in a row"),
        Case(
            (np.array([[0.0, 0, 2, 2], [0, 0, 2, 1]]), np.array([0.9, 0.8]), np.array([1, 1]), 0.5),
            "an IoU of exactly the limit",
        ),
        Case((_row(), np.zeros(0), np.zeros(0, np.int64), 0.5), "nothing was found"),
    ),
    random=_random_list,
    hint="A kept box strikes out those that wait, overlap it by more than the limit, and are of its class.",
    misconceptions=(
        Misconception(
            "across classes",
            _all_classes,
            "In yours, a car strikes out the person in front of it. Boxes of two classes are no duplicates.",
        ),
        Misconception(
            "in the order of the list",
            _by_position,
            "You go through the boxes as they stand in the list. The surest has to be asked first.",
        ),
        Misconception(
            "sorted by position",
            _sorted,
            "The right boxes stay, but in the order of their positions. Asked for is: surest first.",
        ),
        Misconception(
            "least sure first",
            _least_first,
            "You begin with the least sure: argsort goes upwards.",
        ),
        Misconception(
            "struck out at the limit",
            _at_the_limit,
            "A box whose IoU is exactly the limit stays. Only *more* strikes out.",
        ),
        Misconception(
            "the struck-out strike",
            _struck_strike,
            "A box that is already struck out strikes out others in yours. Only those that were kept may.",
        ),
    ),
)


def mask_loss(logits: Numbers, targets: Numbers, labels: Labels) -> float:
    """Mean binary cross-entropy of the true class's masks, by the package: the reference of 13.6."""
    import torch

    from segedu.models import detection

    pair = [torch.from_numpy(np.asarray(one, float)) for one in (logits, targets)]
    return float(detection.mask_loss(pair[0], pair[1], torch.from_numpy(np.asarray(labels, np.int64))))


def _all_masks(logits: Numbers, targets: Numbers, labels: Labels) -> float:
    """All K masks are asked, those of other classes for nothing."""
    if not len(labels):
        return 0.0
    boxes, classes = logits.shape[:2]
    wanted = np.zeros_like(logits)
    wanted[np.arange(boxes), labels] = targets
    flat = (boxes * classes, 1, *logits.shape[2:])
    return mask_loss(logits.reshape(flat), wanted.reshape(-1, *flat[2:]), np.zeros(boxes * classes, int))


def _probabilities(logits: Numbers, labels: Labels) -> Numbers:
    import torch

    shares = torch.from_numpy(np.asarray(logits, float)).softmax(dim=1).numpy()
    return shares[np.arange(len(labels)), labels]


def _softmax(logits: Numbers, targets: Numbers, labels: Labels) -> float:
    if not len(labels):
        return 0.0
    p = _probabilities(logits, labels).clip(1e-300, 1 - 1e-16)
    return float(-(targets * np.log(p) + (1 - targets) * np.log(1 - p)).mean())


def _surest(logits: Numbers, targets: Numbers, labels: Labels) -> float:
    """The class whose mask is strongest, not the true one."""
    return mask_loss(logits, targets, logits.mean(axis=(2, 3)).argmax(axis=1)) if len(labels) else 0.0


def _inside_only(logits: Numbers, targets: Numbers, labels: Labels) -> float:
    """Only pixels of the object count."""
    if not len(labels):
        return 0.0
    true = logits[np.arange(len(labels)), labels]
    return float((np.logaddexp(0, -true) * targets).mean())


def _overflows(logits: Numbers, targets: Numbers, labels: Labels) -> float:
    if not len(labels):
        return 0.0
    true = logits[np.arange(len(labels)), labels]
    with np.errstate(all="ignore"):
        p = 1 / (1 + np.exp(-true))
        return float(-(targets * np.log(p) + (1 - targets) * np.log(1 - p)).mean())


def _undefined(logits: Numbers, targets: Numbers, labels: Labels) -> float:
    return mask_loss(logits, targets, labels) if len(labels) else float("nan")


def _a_sum(logits: Numbers, targets: Numbers, labels: Labels) -> float:
    return mask_loss(logits, targets, labels) * targets.size


def _masks(*values: float) -> Numbers:
    """One box, a mask of 1 × 2 for each class, of one value."""
    return np.array([[[[value, value]] for value in values]], float)


def _random_masks(rng: np.random.Generator) -> tuple[Numbers, Numbers, Labels]:
    boxes, classes, side = (int(n) for n in rng.integers(1, 4, 3))
    targets = (rng.random((boxes, side, side)) < 0.5).astype(float)
    return (
        rng.normal(0, 2, (boxes, classes + 1, side, side)),
        targets,
        rng.integers(0, classes + 1, boxes),
    )


MASKS = FunctionExercise(
    id="13.6",
    title="The mask loss",
    reference=mask_loss,
    cases=(
        Case((_masks(0, 0), np.array([[[1.0, 0.0]]]), np.array([1])), "no idea: half and half"),
        Case((_masks(9, 2), np.array([[[1.0, 1.0]]]), np.array([1])), "the other class is surer"),
        Case((_masks(-3, 2, 5), np.array([[[1.0, 0.0]]]), np.array([0])), "three classes"),
        Case(
            (
                np.concatenate([_masks(4, 0), _masks(1, -4)]),
                np.array([[[1.0, 1.0]], [[0.0, 0.0]]]),
                np.array([0, 1]),
            ),
            "two boxes of two classes",
        ),
        Case((_masks(0, 1000), np.array([[[0.0, 1.0]]]), np.array([1])), "a mask that is very sure"),
        Case((np.zeros((0, 3, 1, 2)), np.zeros((0, 1, 2)), np.zeros(0, np.int64)), "no box has an object"),
    ),
    random=_random_masks,
    hint="First pick one mask for each box. Then each of its pixels is asked for itself: object or not?",
    misconceptions=(
        Misconception(
            "a softmax over the classes",
            _softmax,
            "You let the classes compete for each pixel, by a softmax. Each mask has a sigmoid of its own.",
        ),
        Misconception(
            "all masks learn",
            _all_masks,
            "You ask the masks of all classes, the wrong ones for an empty mask. Nobody asks these: the box head chooses.",
        ),
        Misconception(
            "the strongest mask",
            _surest,
            "You take the class that the masks favour. In training the true class is known, and its mask is taken.",
        ),
        Misconception(
            "inside only",
            _inside_only,
            "Only pixels of the object add to your loss. A mask that fills the whole box would be perfect.",
        ),
        Misconception(
            "overflow",
            _overflows,
            "At 1000 the sigmoid is exactly 1, and the logarithm of 1 − 1 is infinite. Can you do without 1 − p?",
        ),
        Misconception(
            "undefined without boxes",
            _undefined,
            "Without a box you take the mean of nothing, and NaN in a loss is NaN in every weight. Nothing to learn: 0.",
        ),
        Misconception(
            "the sum",
            _a_sum,
            "This is the sum over boxes and pixels. The loss is their mean.",
        ),
    ),
)
