"""Checkpoints that survive: whole or not there, read without running code, refused where they do not belong."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

FORMAT = 1


def save_checkpoint(state: Mapping[str, Any], path: str | os.PathLike[str]) -> None:
    """Write a checkpoint in such a way that the one before is never lost.

    It is written beside its place, brought to the disk, and put in place by one renaming, which happens wholly
    or not at all. Whoever is killed on the way leaves the checkpoint before it, and at most a file ``….part``.

    Parameters
    ----------
    state : mapping
        Tensors, and plain types around them.
    path : path

    Raises
    ------
    OSError
        If it cannot be written, because the disk is full for example. The checkpoint before it is as it was.
    """
    path = Path(path)
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(part, "wb") as file:
            torch.save({"format": FORMAT, **state}, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
        _sync_folder(path.parent)
    except (OSError, RuntimeError) as error:  # torch's writer makes a RuntimeError of a failed write
        with contextlib.suppress(OSError):
            part.unlink()
        before = "the one before it is whole" if path.exists() else "there is none before it"
        why = error if isinstance(error, OSError) else error.__context__ or error
        raise OSError(
            f"{path}: this checkpoint could not be written ({why}); {before}. "
            "Make room or name another folder, then resume."
        ) from error


def load_checkpoint(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read a checkpoint to the CPU. Nothing in it is executed (``weights_only=True``).

    Raises
    ------
    FileNotFoundError
        If there is none.
    ValueError
        If the file is damaged, or no checkpoint of `save_checkpoint`.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"{path}: expected a checkpoint to resume from, got no such file")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except OSError:
        raise
    except Exception as error:  # what a damaged file makes of the reader, nobody can list
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ValueError(
            f"{path}: expected a checkpoint of segedu.training, "
            f"got a file that is damaged or something else ({reason})"
        ) from error
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        found = state.get("format") if isinstance(state, dict) else type(state).__name__
        raise ValueError(f"{path}: expected a checkpoint of segedu.training, format {FORMAT}, got {found}")
    return state


def load_weights(model: nn.Module, weights: Mapping[str, torch.Tensor], *, where: object = "weights") -> None:
    """Put weights into a model, if they are a model's of the same shape.

    Raises
    ------
    ValueError
        If not. The message names the first weight that differs; the model is as it was.
    """
    own = {name: tuple(value.shape) for name, value in model.state_dict().items()}
    given = {name: tuple(value.shape) for name, value in weights.items()}
    wrong = [name for name in [*own, *given] if own.get(name) != given.get(name)]
    if wrong:
        name = wrong[0]
        raise ValueError(
            f"{where}: expected the weights of this {type(model).__name__}, got another model's: "
            f"{name} is {given.get(name, 'missing')} there and {own.get(name, 'missing')} here "
            f"({len(set(wrong))} differ)"
        )
    model.load_state_dict(weights)


def _sync_folder(folder: Path) -> None:
    """Bring the renaming itself to the disk, where folders can be opened (not on Windows)."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
