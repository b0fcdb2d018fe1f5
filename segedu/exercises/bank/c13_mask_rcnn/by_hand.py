"""13.1 and 13.2: a move as four numbers, and who is struck out, found without a program."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from segedu.exercises.draws import Draws
from segedu.exercises.exercise import Misconception, ValueExercise

Numbers = npt.NDArray[np.float64]


def _code(anchor: Numbers, box: Numbers) -> dict[str, Numbers]:
    import torch

    from segedu.models import detection

    pair = [torch.from_numpy(np.asarray(one, float)[None]) for one in (box, anchor)]
    code = detection.encode_boxes(pair[0], pair[1])[0].numpy()
    return {"code": code, "ten times": code}


def _other(shift: Numbers, growth: Numbers) -> dict[str, Any]:
    """A wrong code; who makes the mistake once makes it twice."""
    code = np.concatenate([shift, growth])
    return {"code": code, "ten times": code}


def _shift_and_growth(anchor: Numbers, box: Numbers) -> tuple[Numbers, Numbers]:
    code = _code(anchor, box)["code"]
    return code[:2], code[2:]


def _sides(box: Numbers) -> Numbers:
    return box[2:] - box[:2]


def _draw_move(draws: Draws) -> dict[str, Any]:
    sides = np.array([draws.choice([4, 8, 16]), draws.choice([4, 8, 16])])
    growth = np.array(draws.shuffled([2.0, draws.choice([0.5, 1.0])]))
    shift = sides * np.array([draws.whole(1, 6), draws.whole(0, 6)]) / 4
    corner = np.array([draws.whole(10, 40), draws.whole(10, 40)])
    middle = corner + sides / 2 + shift
    grown = sides * growth
    return {
        "anchor": np.concatenate([corner, corner + sides]),
        "box": np.concatenate([middle - grown / 2, middle + grown / 2]),
    }


CODE = ValueExercise(
    id="13.1",
    title="A move by hand",
    reference=_code,
    given={"anchor": np.array([0, 0, 8, 8]), "box": np.array([2.0, 0.0, 18.0, 8.0])},
    draw=_draw_move,
    rtol=2e-3,  # three digits are enough
    hint="Where is the middle of each box, and how long are its sides? Shifts are counted in sides of the anchor.",
    misconceptions=(
        Misconception(
            "corner for middle",
            lambda anchor, box: _other(
                (box[:2] - anchor[:2]) / _sides(anchor), _shift_and_growth(anchor, box)[1]
            ),
            "You moved the corner, and the middle is what is moved. A box that grows moves its corner by itself.",
        ),
        Misconception(
            "shift in pixels",
            lambda anchor, box: {
                "code": np.concatenate(
                    [
                        _shift_and_growth(anchor, box)[0] * _sides(anchor),
                        _shift_and_growth(anchor, box)[1],
                    ]
                )
            },
            "Your shift is in pixels. A large object would then ask for large numbers: count it in sides of the anchor.",
        ),
        Misconception(
            "sides of the box",
            lambda anchor, box: _other(
                _shift_and_growth(anchor, box)[0] * _sides(anchor) / _sides(box),
                _shift_and_growth(anchor, box)[1],
            ),
            "You counted the shift in sides of the object. In use nobody knows these yet: the anchor's are known.",
        ),
        Misconception(
            "ratio without logarithm",
            lambda anchor, box: _other(
                _shift_and_growth(anchor, box)[0], np.exp(_shift_and_growth(anchor, box)[1])
            ),
            "These are ratios of the sides. Take their logarithm: a side that stays is then 0, as a middle that stays is.",
        ),
        Misconception(
            "upside down",
            lambda anchor, box: _other(_shift_and_growth(anchor, box)[0], -_shift_and_growth(anchor, box)[1]),
            "Upside down: your growth leads from the object back to the anchor. Larger than the anchor is above 0.",
        ),
        Misconception(
            "code grows with the picture",
            lambda anchor, box: {"ten times": 10 * _code(anchor, box)["code"]},
            "Everything is ten times as large, the anchor's sides too. What does that do to a ratio?",
        ),
    ),
)

THRESHOLDS = (0.5, 0.3)


def _boxes(left: Numbers, length: float) -> Numbers:
    """Boxes of one height from their left ends. (3, 4)."""
    left = np.asarray(left, float)
    return np.stack([left, 0 * left, left + length, 0 * left + 1], axis=1)


def _kept(left: Numbers, length: float, scores: list[float]) -> Numbers:
    """1 where a box stays, a row for each threshold, by the package's NMS. (2, 3)."""
    import torch

    from segedu.models import detection

    boxes, sure = torch.from_numpy(_boxes(left, length)), torch.tensor(scores)
    flags = np.zeros((2, 3), int)
    for row, limit in zip(flags, THRESHOLDS, strict=True):
        row[detection.nms(boxes, sure, iou_threshold=limit).numpy()] = 1
    return flags


FIRST, MIDDLE = [0.9, 0.8, 0.7], [0.8, 0.9, 0.7]


def _struck(left: Numbers, length: float) -> dict[str, Numbers]:
    from segedu import masks

    iou = masks.box_iou(_boxes(left, length), _boxes(left, length))
    return {
        "iou": np.array([iou[0, 1], iou[1, 2], iou[0, 2]]),
        "first surest": _kept(left, length, FIRST),
        "middle surest": _kept(left, length, MIDDLE),
    }


def _any_surer(left: Numbers, length: float, scores: list[float]) -> Numbers:
    """Who also lets the struck-out strike out others."""
    from segedu import masks

    iou, sure = masks.box_iou(_boxes(left, length), _boxes(left, length)), np.array(scores)
    surer = sure[:, None] > sure[None]
    return np.array([~((iou > limit) & surer).any(axis=0) for limit in THRESHOLDS]).astype(int)


def _shared(left: Numbers, length: float) -> Numbers:
    ends = np.array([left[1] - left[0], left[2] - left[1], left[2] - left[0]])
    return (length - ends).clip(0)


def _draw_row(draws: Draws) -> dict[str, Any]:
    # one IoU above 0.5, one between 0.3 and 0.5, the third below 0.3
    length, near, far = draws.choice([(4, 1, 2), (10, 3, 4), (10, 2, 4), (8, 2, 3), (8, 2, 4), (12, 3, 5)])
    steps = draws.shuffled([near, far])
    return {"left": draws.whole(0, 9) + np.cumsum([0, *steps]), "length": length}


STRUCK = ValueExercise(
    id="13.2",
    title="Suppression by hand",
    reference=_struck,
    given={"left": np.array([0, 1, 3]), "length": 4},
    draw=_draw_row,
    rtol=2e-2,  # two digits are enough
    hint="Take the surest that is left, keep it, strike out what overlaps it by more than the threshold; then again.",
    misconceptions=(
        Misconception(
            "the struck-out strike",
            lambda left, length: {
                "first surest": _any_surer(left, length, FIRST),
                "middle surest": _any_surer(left, length, MIDDLE),
            },
            "A box that has been struck out is gone, and strikes out nobody. Ask only those that were kept.",
        ),
        Misconception(
            "the order makes no difference",
            lambda left, length: {"middle surest": _kept(left, length, FIRST)},
            "You gave the same answer for both orders. The surest box is kept first: who is that in each case?",
        ),
        Misconception(
            "kept and struck exchanged",
            lambda left, length: {
                "first surest": 1 - _kept(left, length, FIRST),
                "middle surest": 1 - _kept(left, length, MIDDLE),
            },
            "Exchanged: you wrote 1 for those struck out. A box that stays is 1.",
        ),
        Misconception(
            "shared by one box",
            lambda left, length: {"iou": _shared(left, length) / length},
            "You divided by the length of one box. The union of the two is longer.",
        ),
        Misconception(
            "shared counted twice",
            lambda left, length: {"iou": _shared(left, length) / (2 * length)},
            "You divided by the two lengths together. What they share is in there twice.",
        ),
    ),
)
