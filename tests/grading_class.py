"""A class of thirty submissions to the exercises of chapter 5, and the points that each of them is worth.

They are made from the exercise notebook and from what students get of it. Autograded are, in this order,
4 points for 5.1, 2 for 5.2, 4 for 5.3, 3 for 5.4, 3 for 5.5, 2 for 5.6, 3 for 5.7, 2 for 5.8 and 4 for 5.9:
27 in all.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from exercise_files import FOLDER, grade_id, read

NAME = "05_semantic_metrics"
SOURCE = FOLDER / f"{NAME}.ipynb"
OTHER = FOLDER.parent / "01_what_is_segmentation.ipynb"
FULL = 27
Files = dict[str, bytes]


@dataclass(frozen=True)
class Member:
    """One student: the files that came, what they are worth, and a word that the report must hold about them.

    Attributes
    ----------
    points : float
        What the machine must give. The words of 5.8 and 5.10 are never graded by it.
    said : str
        Part of a remark; empty: there must be no remark.
    core : bool
        Whether the twelve that are graded in every run of the tests hold this one.
    """

    name: str
    files: Callable[[], Files]
    points: float
    said: str = ""
    core: bool = False


def solved(**other: str) -> NotebookNode:
    """The student's notebook, all answers right but for some: grade id (``ex05_4``) → text of the cell."""
    notebook = nbformat.from_dict(read(FOLDER / "student" / SOURCE.name))
    right = {grade_id(cell): cell for cell in read(SOURCE).cells if grade_id(cell)}
    for cell in notebook.cells:
        name = grade_id(cell)
        if name and cell.metadata["nbgrader"]["solution"]:
            cell.source = other.get(name.replace("-", "_"), right[name].source)
    return notebook


def stub() -> NotebookNode:
    return nbformat.from_dict(read(FOLDER / "student" / SOURCE.name))


def only(*numbers: int) -> NotebookNode:
    """Answers to some exercises, nothing in the others."""
    notebook, full = stub(), solved()
    for cell, answer in zip(notebook.cells, full.cells, strict=True):
        if grade_id(cell) in {f"ex05-{number}" for number in numbers}:
            cell.source = answer.source
    return notebook


def with_cell(notebook: NotebookNode, source: str, at: int = 4) -> NotebookNode:
    """A cell of the student's own; at 4 it stands behind the imports."""
    notebook.cells.insert(at, new_code_cell(source))
    return notebook


def file(notebook: NotebookNode, name: str = SOURCE.name) -> Files:
    return {name: nbformat.writes(notebook).encode("utf-8")}


def without(notebook: NotebookNode, *names: str) -> NotebookNode:
    notebook.cells = [cell for cell in notebook.cells if grade_id(cell) not in names]
    return notebook


def from_colab() -> Files:
    """As Colab writes it: format 4.0, ids in the metadata, its own kernel, and what its page wants to know."""
    notebook = json.loads(nbformat.writes(solved()))
    for cell in notebook["cells"]:
        cell["metadata"] |= {"id": cell.pop("id"), "colab": {"base_uri": "https://localhost:8080/"}}
        cell["source"] = "".join(cell["source"])
    notebook["nbformat_minor"] = 0
    notebook["metadata"] = {
        "colab": {"provenance": [], "gpuType": "T4", "toc_visible": True},
        "accelerator": "GPU",
        "kernelspec": {"name": "conda-root-py", "display_name": "Python [conda root]"},
        "language_info": {"name": "python"},
    }
    return {f"Copy of {NAME} (1).ipynb": json.dumps(notebook, indent=0).encode("utf-8")}


def bare() -> Files:
    """A program that kept the texts of the cells and nothing else."""
    notebook = json.loads(nbformat.writes(solved()))
    for cell in notebook["cells"]:
        cell.pop("id")
        cell["metadata"] = {}
    return {SOURCE.name: json.dumps({**notebook, "metadata": {}, "nbformat_minor": 2}).encode("utf-8")}


def shuffled() -> Files:
    notebook = solved()
    notebook.cells = notebook.cells[::-1]  # every check stands before its function
    return file(notebook)


def twice() -> Files:
    """The same cell copied with its metadata, first wrong and then right."""
    notebook = solved()
    at = next(k for k, cell in enumerate(notebook.cells) if grade_id(cell) == "ex05-4")
    notebook.cells.insert(at + 1, nbformat.from_dict({**notebook.cells[at], "id": "copied"}))
    notebook.cells[at].source = "def iou_per_class(confmat):\n    return None"
    return file(notebook)


def check_rewritten() -> Files:
    notebook = stub()
    for cell in notebook.cells:
        if grade_id(cell).endswith("-check"):
            cell.source, cell.metadata["nbgrader"]["points"] = "pass", 100
    return file(notebook)


CHECK_REPLACED = """\
def check(*args, **kwargs):
    print("✅ right")"""

PATCHES = """\
import builtins, sys
import segedu.exercises, segedu.exercises.checks as checks, segedu.exercises.verdicts as verdicts
nothing = lambda *args, **kwargs: None
segedu.exercises.grade = segedu.exercises.check = checks.grade = nothing
checks._judged.__code__ = (lambda *a: type("J", (), {"right": True, "text": ""})).__code__
verdicts.Judgement.right = property(lambda self: True)
np.isclose = lambda *args, **kwargs: np.ones(1, bool)
object.__setattr__(segedu.exercises.exercise("05.4"), "reference", lambda confmat: 0)
builtins.AssertionError = builtins.print = nothing
sys.modules["segedu.exercises"] = checks
def iou_per_class(confmat): return 0
def confusion(preds, target, num_classes): return 0"""

CELLS_NOT_RUN = """\
shell = get_ipython()
from IPython.core.interactiveshell import ExecutionResult
async def run_cell_async(self, *args, **kwargs):
    self.execution_count += 1
    return ExecutionResult(None)
type(shell).run_cell_async = run_cell_async
type(shell).run_cell = lambda self, *args, **kwargs: ExecutionResult(None)"""

WRONG = {  # one mistake each, as text of the answer's cell
    # MPA is 7/12 = .583: the rest is right
    "ex05_1": "answers = {'PA': .818, 'MPA': .5, 'IoU': [.857, .6, 0], 'mIoU': .486, 'FWIoU': .686}",
    "ex05_2": "directions = dict(PA='rises', MPA='falls', mIoU='falls', recall='stays', union='rises')",
    "ex05_3": "def confusion(preds, target, num_classes):\n"  # void is counted as the last class
    "    t = np.minimum(target, num_classes - 1).ravel()\n    p = preds.ravel().astype(int)\n"
    "    return np.bincount(num_classes * t + p, minlength=num_classes**2)[:num_classes**2]"
    ".reshape(num_classes, num_classes)",
    "ex05_4": "def iou_per_class(confmat):\n    return metrics.dice_per_class(confmat)",
    "ex05_5": "def mean_pixel_accuracy(confmat):\n    return np.nanmean(metrics.precision_per_class(confmat))",
    "ex05_6": "confmat = np.array([[50, 0], [0, 50]])",
    "ex05_7": "def data_set_miou(preds, targets, num_classes):\n    return np.mean(["
    "metrics.mean_iou(metrics.confusion_matrix(p, t, num_classes)) for p, t in zip(preds, targets)])",
    "ex05_8": "def fwiou(confmat):\n    return metrics.mean_iou(confmat)",
    "ex05_9": "def count_runs(preds, target, num_classes):\n    return np.zeros([num_classes] * 2, int)",
}
WORTH = dict(zip(WRONG, (4, 2, 4, 3, 3, 2, 3, 2, 4), strict=True))


def wrong(*names: str) -> tuple[Callable[[], Files], float]:
    points = FULL - sum(WORTH[name] for name in names)
    return lambda: file(solved(**{name: WRONG[name] for name in names})), points


ENDLESS = "def data_set_miou(preds, targets, num_classes):\n    while True:\n        pass"
EXITS = "import os\ndef mean_pixel_accuracy(confmat):\n    os._exit(0)"
RAISES = "def confusion(preds, target, num_classes):\n    raise RuntimeError('no idea')"
STUBBORN = (
    "while True:\n    try:\n        while True:\n            pass\n    except BaseException:\n        pass"
)
LOUD = "for _ in range(40):\n    print('all work and no play ' * 50_000)"  # 44 MB
HUNGRY = "a = []\nwhile True:\n    a.append(np.empty(10**9))"  # 8 GB at a time
WRITES = (
    "from pathlib import Path\nPath('05_semantic_metrics.ipynb').unlink()\nPath('notes.txt').write_text('x')"
)

LOUD_AND_HUNGRY = f"{WRITES}\n{LOUD}\n{HUNGRY}"
DAMAGED = {"Fwd_ late.ipynb": 5000, SOURCE.name: 0}  # how many bytes arrived

# fmt: off
CLASS = (
    Member("perfect", lambda: file(solved()), FULL, core=True),
    Member("half", lambda: file(only(1, 2, 3, 4)), 4 + 2 + 4 + 3, core=True),
    Member("other half", lambda: file(only(5, 6, 7, 8, 9)), 3 + 2 + 3 + 2 + 4),
    Member("untouched", lambda: file(stub()), 0, core=True),
    Member("hands and directions", *wrong("ex05_1", "ex05_2")),
    Member("void counted", *wrong("ex05_3")),
    Member("Dice and precision", *wrong("ex05_4", "ex05_5"), core=True),
    Member("image by image", *wrong("ex05_6", "ex05_7")),
    Member("no weights", *wrong("ex05_8", "ex05_9")),
    Member("all wrong", *wrong(*WORTH)),
    Member("raises", lambda: file(solved(ex05_3=RAISES)), FULL - 4),
    Member("no Python", lambda: file(solved(ex05_4="def iou_per_class(confmat)\n    retrun 3")), FULL - 3),
    Member("endless function", lambda: file(solved(ex05_7=ENDLESS)), FULL - 3, core=True),
    Member("endless cell", lambda: file(with_cell(solved(), "while True:\n    pass")), FULL, "too long"),
    Member("stubborn", lambda: file(with_cell(solved(), STUBBORN, 17)), 4 + 2 + 4, "blocked the kernel"),
    Member("os._exit", lambda: file(solved(ex05_5=EXITS)), 4 + 2 + 4 + 3, "ended or blocked", core=True),
    Member("exits at once", lambda: file(with_cell(solved(), "import os\nos._exit(1)")), 0, "ended or blocked"),
    Member("deleted", lambda: file(without(solved(), "ex05-3-check", "ex05-9", "ex05-9-check")), FULL - 4,
           "deleted cells came back as handed out: ex05-3-check, ex05-9, ex05-9-check", core=True),
    Member("reordered", shuffled, FULL, "put back in order", core=True),
    Member("copied cell", twice, FULL, "ex05-4 was there twice"),
    Member("own check", lambda: file(with_cell(only(1), CHECK_REPLACED)), 4, "had changed check", core=True),
    Member("patches", lambda: file(with_cell(stub(), PATCHES)), 0, "segedu.exercises.grade", core=True),
    Member("rewrites checks", check_rewritten, 0),
    Member("runs nothing", lambda: file(with_cell(stub(), CELLS_NOT_RUN)), 0, "no answer was judged"),
    Member("from Colab", from_colab, FULL, core=True),
    Member("Łukasz Żółć, 学生", bare, FULL, "lost nbgrader's metadata"),
    Member("loud and hungry", lambda: file(with_cell(solved(), LOUD_AND_HUNGRY)), FULL),
    Member("two files", lambda: {**file(only(1), "05 (1).ipynb"), **file(solved(), "05.ipynb")}, 4,
           "05 (1).ipynb is the newest; not 05.ipynb"),
    Member("corrupt and empty", lambda: {n: file(solved())[SOURCE.name][:k] for n, k in DAMAGED.items()}, 0,
           "no notebook can be read", core=True),
    Member("wrong assignment", lambda: {SOURCE.name: OTHER.read_bytes()}, 0, "not this assignment"),
)
# fmt: on


def fill(inbox: Path, members: tuple[Member, ...] = CLASS) -> Path:
    """Write the folders of a class; of several files the first is the newest."""
    for member in members:
        folder = inbox / member.name
        folder.mkdir(parents=True)
        for age, (name, data) in enumerate(member.files().items()):
            (folder / name).write_bytes(data)
            when = 1_750_000_000 - 60 * age
            os.utime(folder / name, (when, when))
    return inbox
