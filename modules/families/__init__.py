"""The families of networks. Adding one is one module here, with a `FAMILY`, and its name below."""

from importlib import import_module
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from modules.families.family import Family

FamilyName = Literal["mlp", "cnn", "lstm"]
FAMILIES: tuple[FamilyName, ...] = get_args(FamilyName)


def module_of(name: FamilyName) -> str:
    """Dotted name of the module that defines a family."""
    return f"{__name__}.{name}"


def load_family(name: FamilyName) -> "Family":
    """Imports a family, and Keras with it: the settings know families by their names alone."""
    return import_module(module_of(name)).FAMILY
