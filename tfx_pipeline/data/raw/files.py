"""Finds the raw files of a pattern; of several spans and versions only the newest."""

from __future__ import annotations

import fnmatch
import glob
import re
import stat
from collections.abc import Sequence
from datetime import date
from pathlib import Path, PurePosixPath
from typing import NamedTuple, Protocol

from tfx_pipeline.data.raw.errors import DataError, Problem
from tfx_pipeline.data.raw.location import Location

_PLACEHOLDER = re.compile(r"\{(?P<name>SPAN|YYYY|MM|DD|VERSION)(?::(?P<width>[0-9]+))?\}")
_TOKEN = re.compile(rf"{_PLACEHOLDER.pattern}|(?P<set>\[!?\]?[^]]*\])|.", re.DOTALL)
_IMPORTANCE = ("SPAN", "YYYY", "MM", "DD", "VERSION")
_DATE = ("YYYY", "MM", "DD")
_WIDTHS = {"YYYY": "4", "MM": "2", "DD": "2"}

Digits = dict[str, str]
"""Placeholder -> what is in its place in a path."""


class ObjectStores(Protocol):
    """Lists what is below URIs, as `tfx.dsl.io.fileio` does."""

    def glob(self, pattern: str, /) -> Sequence[str]: ...
    def isdir(self, path: str, /) -> bool: ...


class Found(NamedTuple):
    """The files of a pattern.

    Attributes:
        files: Paths, sorted.
        pattern: The pattern with digits in place of its placeholders.
        span: Number of the span, or days since 1970; 0 where the pattern has none.
        version: Number of the version, if the pattern has one.
    """

    files: list[str]
    pattern: str
    span: int
    version: int | None


def find_files(location: Location, stores: ObjectStores | None = None) -> Found:
    """Lists the files that match, of several spans and versions only the newest.

    Folders, and names that begin with a dot, are left out.

    Args:
        location: Folder or URI, and a pattern below it.
        stores: Lists URIs; not needed for local folders.

    Raises:
        DataError: No file matches, something else than a file does, or the newest span is empty
            or there twice.
    """
    _check_placeholders(location)
    remote = stores if "://" in location.base else None
    files = _files(location, remote)
    if not files:
        raise DataError.of(Problem("file", _why_none(location, remote), "/".join(location)))
    newest = max(_order(digits) for digits in files.values())
    if not remote:
        _require_no_newer_folder(location, newest)
    chosen = {path: digits for path, digits in files.items() if _order(digits) == newest}
    patterns = sorted({_resolved(location.pattern, digits) for digits in chosen.values()})
    if len(patterns) > 1:
        detail = f"{' and '.join(patterns)} have the same number"
        raise DataError.of(Problem("span", detail, location.base))
    digits = next(iter(chosen.values()))
    version = int(digits["VERSION"]) if "VERSION" in digits else None
    return Found(sorted(chosen), patterns[0], _span(location, digits), version)


def _why_none(location: Location, remote: ObjectStores | None) -> str:
    try:
        if not remote:
            next(Path(location.base).iterdir(), None)  # globbing is silent where it may not look
    except OSError as error:
        return f"unreadable: {error.strerror}"
    return "no file matches"


def _check_placeholders(location: Location) -> None:
    names = [match["name"] for match in _PLACEHOLDER.finditer(location.pattern)]
    dated = any(name in names for name in _DATE)
    for right, rule in (
        (len(set(names)) == len(names), "every placeholder once at most"),
        (not dated or set(_DATE) <= set(names), "{YYYY}, {MM} and {DD} together"),
        (not dated or "SPAN" not in names, "either {SPAN} or a date"),
        (dated or "SPAN" in names or not names, "{VERSION} only beside {SPAN} or a date"),
    ):
        if not right:
            raise DataError.of(Problem("span", f"a pattern has {rule}", "/".join(location)))


def _files(location: Location, remote: ObjectStores | None) -> dict[str, Digits]:
    found = _matches(location, location.pattern, remote)
    return {
        path: digits
        for path, digits in found.items()
        if not PurePosixPath(path).name.startswith(".") and _is_file(path, remote)
    }


def _is_file(path: str, remote: ObjectStores | None) -> bool:
    """Tells files from folders.

    Raises:
        DataError: It is neither, or is not there.
    """
    if remote:
        return not remote.isdir(path)
    try:
        path.encode()
        mode = Path(path).stat().st_mode
    except UnicodeEncodeError as error:
        shown = path.encode(errors="backslashreplace").decode()
        raise DataError.of(Problem("file", "its name is not UTF-8", shown)) from error
    except FileNotFoundError as error:
        raise DataError.of(Problem("file", "a link to nothing", path)) from error
    except OSError as error:
        raise DataError.of(Problem("file", f"unreadable: {error.strerror}", path)) from error
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise DataError.of(Problem("file", "neither a file nor a folder", path))
    return stat.S_ISREG(mode)


def _matches(
    location: Location, pattern: str, remote: ObjectStores | None = None
) -> dict[str, Digits]:
    """Everything below the folder that matches a pattern, and the digits in each path."""
    base = location.base.rstrip("/") + "/"
    wild = _PLACEHOLDER.sub("*", pattern)
    paths = remote.glob(base + wild) if remote else glob.glob(glob.escape(base) + wild)  # noqa: PTH207
    regex = re.compile(_TOKEN.sub(_regex, pattern), re.DOTALL)
    matches = {path: regex.fullmatch(path.removeprefix(base)) for path in paths}
    return {path: match.groupdict() for path, match in matches.items() if match}


def _regex(token: re.Match[str]) -> str:
    if name := token["name"]:
        width = token["width"] or _WIDTHS.get(name)
        return f"(?P<{name}>[0-9]{f'{{{width}}}' if width else '+'})"
    if token["set"]:
        return fnmatch.translate(token["set"]).removesuffix(r"\Z")
    return {"*": "[^/]*", "?": "[^/]"}.get(token[0], re.escape(token[0]))


def _require_no_newer_folder(location: Location, newest: tuple[int, ...]) -> None:
    """Refuses to fall back, where the newest folder holds no file, to an older one."""
    parts = location.pattern.split("/")
    for end in range(1, len(parts)):
        folders = _matches(location, "/".join(parts[:end]))
        for path, digits in folders.items():
            leading = [name for name in _IMPORTANCE if name in location.pattern][: len(digits)]
            newer = set(leading) == set(digits) and _order(digits) > newest[: len(digits)]
            if newer and Path(path).is_dir():
                detail = f"the newest folder holds no file that matches {location.pattern}"
                raise DataError.of(Problem("span", detail, path))


def _order(digits: Digits) -> tuple[int, ...]:
    return tuple(int(digits[name]) for name in _IMPORTANCE if name in digits)


def _resolved(pattern: str, digits: Digits) -> str:
    return _PLACEHOLDER.sub(lambda match: digits[match["name"]], pattern)


def _span(location: Location, digits: Digits) -> int:
    if "YYYY" not in digits:
        return int(digits.get("SPAN", 0))
    try:
        return (date(*(int(digits[name]) for name in _DATE)) - date(1970, 1, 1)).days
    except ValueError as error:
        path = "/".join((location.base, _resolved(location.pattern, digits)))
        raise DataError.of(Problem("span", f"no date: {error}", path)) from error
