"""How ``pytest --nbval book`` compares: strictly (_ext/nbval_sanitize.cfg), in a kernel of this very Python."""

from pathlib import Path

import pytest

# What students get has no outputs that could be compared; tests/test_exercises_notebooks.py runs it.
collect_ignore_glob = ["exercises/student/*.ipynb"]
collect_ignore = ["exercises/nbgrader_config.py"]  # nbgrader runs it, with names of its own


def pytest_configure(config: pytest.Config) -> None:
    if config.option.nbval or config.option.nbval_lax:
        config.option.nbval_current_env = not config.option.nbval_kernel_name
        config.option.nbval_cell_timeout = min(config.option.nbval_cell_timeout, 600)
        if config.option.nbval_sanitize_with is None:
            config.option.nbval_sanitize_with = str(Path(__file__).parent / "_ext" / "nbval_sanitize.cfg")
