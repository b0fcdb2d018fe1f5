"""Make assignments of exercise notebooks, with nbgrader's own command: ``make assignment NB=…`` runs this.

Each notebook becomes an assignment of its name in ``build/assignment``: ``source`` holds it with solutions
and hidden tests, ``release`` what students get. Both are thrown away and made anew; a gradebook that is there
is kept. The folder is a whole course for nbgrader, with its settings: copy it wherever you grade.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

HERE = Path(__file__).resolve().parent
COURSE = HERE.parents[1] / "build" / "assignment"
NEEDED = [
    HERE / "nbgrader_config.py",
    HERE / "grading_execution.py",
    HERE / "guard.py",
    HERE.parent / "_ext" / "exercise_notebooks.py",
]


def make_assignment(name: str, notebooks: Iterable[Path], course: Path = COURSE) -> Path:
    """Make one assignment of one or several notebooks; the folder of what students get.

    Raises
    ------
    RuntimeError
        If nbgrader refuses. The message is what it printed.
    """
    source = course / "source" / name
    for folder in (source, course / "release" / name):
        shutil.rmtree(folder, ignore_errors=True)
    source.mkdir(parents=True)
    for notebook in notebooks:
        shutil.copy(notebook, source)
    for file in NEEDED:
        shutil.copy(file, course)
    command = [sys.executable, "-m", "nbgrader", "generate_assignment", name, "--force", "--log-level=ERROR"]
    done = subprocess.run(command, cwd=course, env=environment(), capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"nbgrader cannot make {name}:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    return course / "release" / name


def environment() -> dict[str, str]:
    """The environment of nbgrader's commands: nbgrader calls alembic by name, which lies beside this Python."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    return {**os.environ, "PATH": path}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notebooks", nargs="+", type=Path)
    for notebook in parser.parse_args().notebooks:
        print(f"{make_assignment(notebook.stem, [notebook]) / notebook.name}: for students")


if __name__ == "__main__":
    main()
