"""Conditions in CEL, the Common Expression Language: as TFX writes and KFP's driver evaluates them.

The part of the language that a condition on artifacts and parameters needs: literals, `inputs...`,
parseJson, `+`, comparisons, `!`, `&&` and `||`.
See https://github.com/google/cel-spec/blob/master/doc/langdef.md.
"""

from tfx_kubeflow.cel.evaluation import evaluate, holds
from tfx_kubeflow.cel.parser import parse
from tfx_kubeflow.cel.printer import quote, to_text
from tfx_kubeflow.cel.tree import Binary, CelError, Index, Literal, Member, Name, Not, Tree
from tfx_kubeflow.cel.type_check import check

__all__ = [
    "Binary",
    "CelError",
    "Index",
    "Literal",
    "Member",
    "Name",
    "Not",
    "Tree",
    "check",
    "evaluate",
    "holds",
    "parse",
    "quote",
    "to_text",
]
