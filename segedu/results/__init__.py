"""What runs have left behind, beside what others have published: result files read, and laid out as tables.

A run of `segedu.training` ends in one JSON file. Nothing here trains or needs PyTorch, and no number of ours
stands in the code: it comes from a file, or the table says "not run yet".
"""

from segedu.results.comparison import not_run_yet, published
from segedu.results.files import Result, read_results
from segedu.results.instances import (
    InstanceResult,
    instance_table,
    instances_not_run_yet,
    read_instance_results,
)
from segedu.results.tables import class_table, comparison_table, runs_table

__all__ = [
    "InstanceResult",
    "Result",
    "class_table",
    "comparison_table",
    "instance_table",
    "instances_not_run_yet",
    "not_run_yet",
    "published",
    "read_instance_results",
    "read_results",
    "runs_table",
]
