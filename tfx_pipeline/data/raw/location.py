"""Where the raw data is: from the setting `data.path` to ExampleGen's folder and pattern."""

import glob
import importlib.metadata
from pathlib import Path
from typing import NamedTuple

EMBEDDED_PACKAGE = "EnergyData"
EMBEDDED_FILE = "householdpower.csv"
_WILDCARDS = "*?[{"


class Location(NamedTuple):
    """A folder and a pattern below it, which may hold `*`, `?`, `[...]` and `{SPAN}`."""

    base: str
    pattern: str


def split_pattern(path: str) -> Location:
    """Cuts a path or URI before its first wildcard, or before the file's name.

    Nothing is looked up: the files may be on another machine or in a bucket.
    """
    parts = path.split("/")
    fixed = next((i for i, part in enumerate(parts) if any(c in part for c in _WILDCARDS)), -1)
    return Location("/".join(parts[:fixed]), "/".join(parts[fixed:]))


def locate(path: str | None) -> Location:
    """Finds the input.

    Args:
        path: A file, a folder (all its files), or a pattern such as `data/span-{SPAN}/*.csv`;
            None: the UCI data set in the EnergyData package.

    Raises:
        FileNotFoundError: Nothing is there; the message says what was looked for.
    """
    if path is None:
        return _embedded()
    if "://" in path:
        raise FileNotFoundError(f"data.path: {path}: give a path of this machine, not a URI")
    whole = Path(path).expanduser().absolute()
    try:
        path.encode()  # what is no UTF-8 cannot be recorded
        if whole.is_dir():
            return Location(str(whole), "*")
        if whole.exists():  # whatever is in its name
            return Location(str(whole.parent), glob.escape(whole.name))
        base, pattern = split_pattern(str(whole))
        if Path(base).is_dir() and any(c in pattern for c in _WILDCARDS):
            return Location(base, pattern)
    except (OSError, ValueError) as error:  # a name that no file can have
        raise FileNotFoundError(f"data.path: {path}: {error}") from error
    lost = whole if Path(base).is_dir() else base
    raise FileNotFoundError(f"data.path: {path}: there is no {lost}")


def _embedded() -> Location:
    # Importing the package would pull in setuptools' pkg_resources; its file list is enough.
    for file in importlib.metadata.files(EMBEDDED_PACKAGE) or []:
        if file.name == EMBEDDED_FILE:
            found = Path(str(file.locate()))
            return Location(str(found.parent), found.name)
    raise FileNotFoundError(
        f"the package {EMBEDDED_PACKAGE} holds no {EMBEDDED_FILE}; set data.path to a file of yours"
    )
