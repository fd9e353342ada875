"""Patterns of timestamps, as strptime has them: which are possible, and the regular expressions."""

from __future__ import annotations

import re

ISO = "iso"
EPOCHS = {"seconds": 1000, "milliseconds": 1}
"""Formats that count since 1970 -> milliseconds of one."""

_DATE = {"Y": "[0-9]{4}", "y": "[0-9]{2}", "m": "[0-9]{1,2}", "d": "[0-9]{1,2}"} | dict.fromkeys(
    "bB", "[A-Za-z]{3,9}"
)
_CLOCK = {
    **dict.fromkeys("HIMS", "[0-9]{1,2}"),
    "f": "[0-9]{1,9}",
    "p": "[AaPp][Mm]",
    "z": "Z|[+-][0-9]{2}(?::?[0-9]{2})?",
}
_NEEDED = (("Yy", "a year, %Y"), ("mbB", "a month, %m"), ("d", "a day, %d"))
_TOKEN = re.compile(r"%(?P<directive>.?)|(?P<literal>[^%]+)", re.DOTALL)


def faults(pattern: str, columns: int) -> list[str]:
    """What is wrong with a pattern for so many columns; nothing where it can be read."""
    used = [match["directive"] for match in _TOKEN.finditer(pattern) if match["literal"] is None]
    unknown = [f"%{name}" for name in used if name not in _DATE | _CLOCK and name != "%"]
    if unknown:
        known = " ".join(f"%{name}" for name in (*_DATE, *_CLOCK))
        return [f"{', '.join(unknown)} is not known, these are: {known}"]
    found = [
        f"{what} stands in it {count} times"
        for names, what in (*_NEEDED, ("HI", "an hour, %H"))
        if (count := sum(used.count(name) for name in names)) > 1
    ]
    found += [f"it lacks {what}" for names, what in _NEEDED if not set(names) & set(used)]
    if ("I" in used) != ("p" in used):
        found.append("%I and %p belong together")
    if columns == 2 and not found and len(parts(pattern, columns)) != columns:
        found.append("for two columns it must be two patterns, joined by a blank")
    return found


def parts(pattern: str, columns: int) -> list[str]:
    """Cuts a pattern for two columns at the blank between date and time of day."""
    if columns == 1:
        return [pattern]
    for blank in re.finditer(" ", pattern):
        halves = [pattern[: blank.start()], pattern[blank.end() :]]
        kinds = [
            {match["directive"] in _DATE for match in _TOKEN.finditer(half) if match["directive"]}
            for half in halves
        ]
        if sorted(map(list, kinds)) == [[False], [True]]:
            return halves
    return [pattern]


def regex(pattern: str) -> str:
    """The regular expression of a pattern, with a group for every directive."""
    return "".join(
        re.escape(match["literal"] or "%")
        if match["literal"] or match["directive"] == "%"
        else f"(?P<{match['directive']}>{(_DATE | _CLOCK)[match['directive']]})"
        for match in _TOKEN.finditer(pattern)
    )
