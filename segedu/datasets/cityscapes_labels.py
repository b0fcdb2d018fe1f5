"""Cityscapes' label table: what a pixel can be, which labels are scored, and what each field is for.

Annotators chose among 35 labels. 19 of them are trained and scored, in an order of their own, the *train ids*;
the rest is rare, or no part of the street. Cordts et al. 2016, https://arxiv.org/abs/1604.01685; the table is
the one of cityscapesScripts.
"""

from __future__ import annotations

from dataclasses import dataclass

from segedu.scene import VOID, Category


@dataclass(frozen=True)
class CityscapesLabel:
    """One line of the table.

    Parameters
    ----------
    name : str
        For people.
    id : int
        What the annotation files hold (``labelIds.png``), and what the evaluation server wants. −1 is in no
        file: licence plates are drawn as polygons only, and the pixels keep the label of the car around them.
    train_id : int
        Number of the class for training, 0 to 18, in the order in which results are reported; 255 for labels
        that are not trained (``labelTrainIds.png``), −1 for the licence plate.
    category : str
        A coarser class: flat, construction, object, nature, sky, human, vehicle, or void. Results are also
        reported by it.
    category_id : int
        Its number, 0 (void) to 7.
    has_instances : bool
        True if single objects are told apart: things. A group that annotators could not tell apart has the
        label, but no instance number.
    ignore_in_eval : bool
        True if pixels of this label count neither for nor against a prediction. Some are real classes, such as
        *parking*, that are too rare to be scored.
    color : tuple of int
        Red, green, blue in ``color.png``. Not unique: several labels are black.
    """

    name: str
    id: int
    train_id: int
    category: str
    category_id: int
    has_instances: bool
    ignore_in_eval: bool
    color: tuple[int, int, int]

    @property
    def as_category(self) -> Category:
        """The label as a category of a scene: its id is the label id."""
        return Category(self.id, self.name, self.has_instances, self.color)


_ROWS = [
    # name, id, train id, category, category id, has instances, ignored, color
    ("unlabeled", 0, 255, "void", 0, False, True, (0, 0, 0)),
    ("ego vehicle", 1, 255, "void", 0, False, True, (0, 0, 0)),
    ("rectification border", 2, 255, "void", 0, False, True, (0, 0, 0)),
    ("out of roi", 3, 255, "void", 0, False, True, (0, 0, 0)),
    ("static", 4, 255, "void", 0, False, True, (0, 0, 0)),
    ("dynamic", 5, 255, "void", 0, False, True, (111, 74, 0)),
    ("ground", 6, 255, "void", 0, False, True, (81, 0, 81)),
    ("road", 7, 0, "flat", 1, False, False, (128, 64, 128)),
    ("sidewalk", 8, 1, "flat", 1, False, False, (244, 35, 232)),
    ("parking", 9, 255, "flat", 1, False, True, (250, 170, 160)),
    ("rail track", 10, 255, "flat", 1, False, True, (230, 150, 140)),
    ("building", 11, 2, "construction", 2, False, False, (70, 70, 70)),
    ("wall", 12, 3, "construction", 2, False, False, (102, 102, 156)),
    ("fence", 13, 4, "construction", 2, False, False, (190, 153, 153)),
    ("guard rail", 14, 255, "construction", 2, False, True, (180, 165, 180)),
    ("bridge", 15, 255, "construction", 2, False, True, (150, 100, 100)),
    ("tunnel", 16, 255, "construction", 2, False, True, (150, 120, 90)),
    ("pole", 17, 5, "object", 3, False, False, (153, 153, 153)),
    ("polegroup", 18, 255, "object", 3, False, True, (153, 153, 153)),
    ("traffic light", 19, 6, "object", 3, False, False, (250, 170, 30)),
    ("traffic sign", 20, 7, "object", 3, False, False, (220, 220, 0)),
    ("vegetation", 21, 8, "nature", 4, False, False, (107, 142, 35)),
    ("terrain", 22, 9, "nature", 4, False, False, (152, 251, 152)),
    ("sky", 23, 10, "sky", 5, False, False, (70, 130, 180)),
    ("person", 24, 11, "human", 6, True, False, (220, 20, 60)),
    ("rider", 25, 12, "human", 6, True, False, (255, 0, 0)),
    ("car", 26, 13, "vehicle", 7, True, False, (0, 0, 142)),
    ("truck", 27, 14, "vehicle", 7, True, False, (0, 0, 70)),
    ("bus", 28, 15, "vehicle", 7, True, False, (0, 60, 100)),
    ("caravan", 29, 255, "vehicle", 7, True, True, (0, 0, 90)),
    ("trailer", 30, 255, "vehicle", 7, True, True, (0, 0, 110)),
    ("train", 31, 16, "vehicle", 7, True, False, (0, 80, 100)),
    ("motorcycle", 32, 17, "vehicle", 7, True, False, (0, 0, 230)),
    ("bicycle", 33, 18, "vehicle", 7, True, False, (119, 11, 32)),
    ("license plate", -1, -1, "vehicle", 7, False, True, (0, 0, 142)),
]

CITYSCAPES_LABELS: tuple[CityscapesLabel, ...] = tuple(CityscapesLabel(*row) for row in _ROWS)
"""All 35 labels, by label id, the licence plate last."""

TRAIN_LABELS: tuple[CityscapesLabel, ...] = tuple(
    sorted(
        (label for label in CITYSCAPES_LABELS if 0 <= label.train_id < VOID), key=lambda label: label.train_id
    )
)
"""The 19 that are trained and scored, by train id: 11 of stuff, 8 of things."""

DRAWN_LABELS: tuple[CityscapesLabel, ...] = tuple(label for label in CITYSCAPES_LABELS if label.id > 0)
"""The 33 that a pixel can have, by label id. Label 0, *unlabeled*, is what this book calls void."""


def cityscapes_label(name: str) -> CityscapesLabel:
    """The label of a name.

    Raises
    ------
    ValueError
        If the table has no such name.

    Examples
    --------
    >>> label = cityscapes_label("car")
    >>> label.id, label.train_id, label.has_instances
    (26, 13, True)
    """
    for label in CITYSCAPES_LABELS:
        if label.name == name:
            return label
    raise ValueError(
        f"cityscapes_label: expected a name of Cityscapes' table, got {name!r}; "
        f"it has {', '.join(label.name for label in CITYSCAPES_LABELS)}"
    )
