"""nbgrader's execution of a submission, for programs that may be wrong, endless, or sly.

nbgrader gives all points to a cell without an error. Here a cell gets them only if `grade` said so. A kernel
that dies costs what comes after, and not the grades before; a cell that prints without end fills no memory.
"""

from __future__ import annotations

import ast
import json
import secrets
import time
from pathlib import Path
from queue import Empty
from typing import Any

from jupyter_core.utils import ensure_async, run_sync
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader import utils
from nbgrader.preprocessors import Execute
from traitlets import Bool, Integer

GUARD = Path(__file__).with_name("guard.py")
PUT_BACK = "Put back before grading: "
ENDED, AFTER_END, TOO_LONG, NOT_JUDGED = "KernelEnded", "NotRun", "CellTimeoutError", "NotJudged"
GIB = 2**30


class GuardedExecute(Execute):
    """Runs the cells, with `guard.Guard` in the same kernel."""

    memory = Integer(4 * GIB, help="Bytes of address space of a kernel.").tag(config=True)
    file_size = Integer(GIB // 4, help="Bytes of a file that a kernel may write.").tag(config=True)
    cpu_seconds = Integer(600, help="Seconds of processor time for a kernel.").tag(config=True)
    printed = Integer(100_000, help="Characters that a cell may print; the rest is dropped.").tag(config=True)
    own_numbers = Bool(
        False,
        help="Whether each student is graded with the numbers of the own id (see segedu.exercises.variant).",
    ).tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Any = None, km: Any = None) -> Any:
        self._ended, self._heard = "", 0
        self._guard = f"_{secrets.token_hex(8)}"  # the name of a module in the kernel
        self._student = resources["nbgrader"]["student"] if self.own_numbers else ""
        return super().preprocess(nb, resources, km)

    def preprocess_cell(self, cell: NotebookNode, resources: Any, index: int) -> Any:
        if index == 0:
            self._start_guard()
        if cell.cell_type != "code":
            return cell, resources
        autograded = utils.is_grade(cell) and not utils.is_solution(cell)
        self._heard, changed = 0, []
        cell.outputs = []
        try:
            if not self._ended:
                changed = self._ask(f"{self._here()}.GUARD.before()") if autograded else []
                cell, resources = super().preprocess_cell(cell, resources, index)
                if any(output.get("ename") == TOO_LONG for output in cell.outputs):
                    self._ask("0", seconds=10)  # whether it could be interrupted
                if autograded:
                    self._decide(cell, changed)
                return cell, resources
        except (DeadKernelError, CellTimeoutError, TimeoutError, GuardLostError) as error:
            self._ended = f"The program ended or blocked its kernel here ({type(error).__name__})."
            cell.outputs.append(_error(ENDED, self._ended))
            return cell, resources
        cell.outputs.append(_error(AFTER_END, "The kernel ended in an earlier cell."))
        return cell, resources

    def process_message(self, msg: Any, cell: NotebookNode, cell_index: int) -> Any:
        if msg["msg_type"] == "stream":
            room = max(self.printed - self._heard, 0)
            self._heard += len(msg["content"]["text"])
            msg["content"]["text"] = msg["content"]["text"][:room]
            if not room:
                return None
        return super().process_message(msg, cell, cell_index)

    def _decide(self, cell: NotebookNode, changed: list[str]) -> None:
        """Leave what was printed, and one error unless `grade` was called and found everything right."""
        errors = [output for output in cell.outputs if output.output_type == "error"]
        passed = self._ask(f"{self._here()}.GUARD.passed")
        cell.outputs = [
            output for output in cell.outputs if output.output_type == "stream" and output.name == "stdout"
        ]
        if changed:
            cell.outputs.insert(
                0, new_output("stream", name="stdout", text=f"{PUT_BACK}{', '.join(changed)}\n")
            )
        if errors and errors[0].ename == "AssertionError":
            errors[0].traceback = [errors[0].evalue]  # the message says it all; the way there would distract
        if not errors and passed < 1:
            errors = [_error(NOT_JUDGED, "No answer was judged here.")]
        cell.outputs += errors[:1]

    def _here(self) -> str:
        return f"__import__('sys').modules[{self._guard!r}]"

    def _start_guard(self) -> None:
        limits = f"{self.memory}, {self.file_size}, {self.cpu_seconds}"
        code = (
            f"import sys, types\n"
            f"guard = sys.modules[{self._guard!r}] = types.ModuleType({self._guard!r})\n"
            f"exec(compile({GUARD.read_text(encoding='utf-8')!r}, 'guard', 'exec'), vars(guard))\n"
            f"guard.limit({limits})\n"
            f"guard.GUARD = guard.Guard(globals(), {self._student!r})\n"
            f"del sys, types, guard\n"
        )
        self._ask(f"{self._here()}.GUARD.before()", code)

    async def _async_ask(self, expression: str, code: str = "", *, seconds: float = 60) -> Any:
        """Have the kernel run `code`, and give the value of an expression."""
        sent = await ensure_async(
            self.kc.execute(
                code,
                silent=True,
                store_history=False,
                user_expressions={"answer": f"__import__('json').dumps({expression})"},
            )
        )
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                reply = await ensure_async(self.kc.shell_channel.get_msg(timeout=1))
            except Empty:
                await self._async_check_alive()
                continue
            if reply["parent_header"].get("msg_id") != sent:
                continue
            answer = reply["content"].get("user_expressions", {}).get("answer", {})
            if answer.get("status") != "ok":
                raise GuardLostError(str(answer or reply["content"].get("evalue")))
            return json.loads(ast.literal_eval(answer["data"]["text/plain"]))
        raise TimeoutError("the kernel does not answer")

    _ask = run_sync(_async_ask)


class GuardLostError(Exception):
    """The guard in the kernel does not answer as it should: the student's program did something to it."""


def _error(name: str, text: str) -> NotebookNode:
    return new_output("error", ename=name, evalue=text, traceback=[f"{name}: {text}"])
