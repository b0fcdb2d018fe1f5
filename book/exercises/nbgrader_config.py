"""How nbgrader makes the student version of an exercise notebook, and grades it: the same stubs as in the book.

nbgrader reads it from the folder of a course. ``make assignment`` puts it there, together with
``exercise_notebooks.py``, which says what a stub is, and ``grading_execution.py``, which runs submissions.
"""

import sys
from pathlib import Path

from nbgrader.converters import Autograde, GenerateAssignment, GenerateFeedback
from nbgrader.preprocessors import ClearHiddenTests, ClearSolutions, Execute

sys.path.insert(0, str(Path(__file__).resolve().parent))

from exercise_notebooks import SOLUTION, TEXT_STUB, stub_of
from grading_execution import GuardedExecute


class Stubs(ClearSolutions):
    """An error inside a function, a comment among the lines of a cell: a notebook of stubs runs through."""

    def preprocess_cell(self, cell, resources, cell_index):
        if SOLUTION[0] in cell.source:
            self.code_stub = {"python": stub_of(cell.source, "code")}  # read in every code cell that follows
        return super().preprocess_cell(cell, resources, cell_index)


c = get_config()  # noqa: F821 (traitlets gives it)
c.ClearSolutions.text_stub = TEXT_STUB
c.GenerateAssignment.preprocessors = [
    Stubs if step is ClearSolutions else step
    for step in GenerateAssignment.class_traits()["preprocessors"].default()
]
c.Autograde.autograde_preprocessors = [
    GuardedExecute if step is Execute else step
    for step in Autograde.class_traits()["autograde_preprocessors"].default()
]
c.GenerateFeedback.preprocessors = [  # the next class gets the same hidden tests
    *GenerateFeedback.class_traits()["preprocessors"].default(),
    ClearHiddenTests,
]
c.Execute.timeout = 120  # seconds for one cell; each check has its own limit of a few seconds
