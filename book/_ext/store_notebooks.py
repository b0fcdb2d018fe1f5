"""Run the notebooks of the book and store them with their outputs, always in the same form.

``make notebooks`` runs this on all of them. A notebook is stored only if every cell did what it should: the
pages show exactly these outputs, and ``pytest --nbval book`` proves that they are what the code produces.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError
from nbformat import NotebookNode

from exercise_notebooks import marked, student_version

CELL_TIMEOUT = 300  # seconds
LARGEST_IMAGE = 120_000  # bytes
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"  # names a model that lives in one kernel only
NOTEBOOK_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python", "pygments_lexer": "ipython3"},
}
CELL_METADATA = (
    "tags",
    "mystnb",
    "nbgrader",
    "segedu",
)  # what the book and a grader read
EXERCISES = (
    "exercises"  # the folder of notebooks with solutions; what students get lies in its folder "student"
)
ADDRESS = re.compile(r" at 0x[0-9a-f]{6,}")


def run(notebook: NotebookNode, folder: Path) -> NotebookNode:
    """Run all cells in a new kernel of this very Python, with `folder` as the working directory.

    Raises
    ------
    CellExecutionError
        If a cell raises and does not carry the tag ``raises-exception``.
    CellTimeoutError
        If a cell takes more than five minutes.
    """
    kernel = AsyncKernelManager(kernel_spec_manager=KernelSpecManager(kernel_dirs=[]))
    client = NotebookClient(
        notebook,
        km=kernel,
        timeout=CELL_TIMEOUT,
        store_widget_state=False,
        record_timing=False,
        resources={"metadata": {"path": str(folder)}},
        extra_arguments=["--log-level=ERROR"],
    )
    return client.execute()


def tidy(notebook: NotebookNode) -> NotebookNode:
    """The same notebook in the form that is stored: nothing in it depends on who ran it, or when.

    Cells are counted from one, pieces of a stream are joined, and an output keeps the forms that need no
    kernel. A tidy notebook is left as it is.
    """
    tidied = nbformat.from_dict(notebook)
    tidied.nbformat, tidied.nbformat_minor = 4, 5
    tidied.metadata = nbformat.from_dict(NOTEBOOK_METADATA)
    count = 0
    for cell in tidied.cells:
        kept = {key: value for key, value in cell.metadata.items() if key in CELL_METADATA}
        cell.metadata = nbformat.from_dict(kept)
        if cell.cell_type != "code":
            continue
        cell.outputs = list(joined_streams(cell.outputs))
        cell.execution_count = None
        if cell.source.strip():
            count += 1
            cell.execution_count = count
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = cell.execution_count
            if "data" in output:
                output.data.pop(WIDGET_VIEW, None)
    return tidied


def joined_streams(outputs: list[NotebookNode]) -> Iterator[NotebookNode]:
    """The outputs, with neighbouring pieces of one stream as one."""
    last = None
    for output in outputs:
        if last is not None and output.output_type == last.output_type == "stream" and output.name == last.name:
            last.text += output.text
            continue
        if last is not None:
            yield last
        last = nbformat.from_dict(output)
    if last is not None:
        yield last


def faults(notebook: NotebookNode) -> list[str]:
    """What keeps a notebook out of the book, one sentence each; none if it may be stored."""
    return [
        f"cell {cell.execution_count}: {fault}"
        for cell in notebook.cells
        if cell.cell_type == "code"
        for fault in cell_faults(cell)
    ]


def cell_faults(cell: NotebookNode) -> Iterator[str]:
    tags = cell.metadata.get("tags", [])
    alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
    for output in cell.outputs:
        if output.output_type == "error" and "raises-exception" not in tags:
            yield f"it raises {output.ename}; mend it, or tag it raises-exception"
        if output.output_type == "stream" and output.name == "stderr":
            yield f"it writes to stderr, which the page would show: {output.text.strip()[:80]!r}"
        for kind, data in output.get("data", {}).items():
            shown = kind.startswith("image/") and "text/html" not in output.data
            if shown and not str(alt).strip():
                yield 'its picture has no alt text; set the cell metadata {"mystnb": {"image": {"alt": "…"}}}'
            if kind == "image/png" and (size := len(data) * 3 // 4) > LARGEST_IMAGE:
                yield f"its picture has {size // 1000} kB, more than {LARGEST_IMAGE // 1000}; lower the dpi"
            if (
                kind.startswith("text/")
                and "nbval-ignore-output" not in tags
                and (found := ADDRESS.search(data))
            ):
                yield f"its output names an address in memory, another one in every run: {found[0]}"


def write(notebook: NotebookNode, path: Path) -> None:
    """Write the notebook in one step: an interrupted run leaves the old file."""
    draft = path.with_suffix(".ipynb.part")
    nbformat.write(notebook, draft)
    os.replace(draft, path)


def store(path: Path) -> list[str]:
    """Run one notebook and store it, or leave it as it is and say why.

    A notebook of exercises gets nbgrader's metadata, and what students get of it is stored as well.
    """
    try:
        notebook = tidy(run(nbformat.read(path, as_version=4), path.parent))
        if path.parent.name == EXERCISES:
            notebook = marked(notebook)
    except (CellExecutionError, CellTimeoutError, ValueError) as error:
        return [str(error)]
    found = faults(notebook)
    if not found:
        write(notebook, path)
        if path.parent.name == EXERCISES:
            (path.parent / "student").mkdir(exist_ok=True)
            write(student_version(notebook), path.parent / "student" / path.name)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notebooks", nargs="+", type=Path)
    failed = 0
    for path in parser.parse_args().notebooks:
        if not path.is_file():
            parser.error(f"{path} is no file")
        start = time.perf_counter()
        found = store(path)
        failed += bool(found)
        print(f"{path}: {'not stored' if found else 'stored'}, {time.perf_counter() - start:.0f} s", flush=True)
        for fault in found:
            print(f"  {fault}")
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main())
