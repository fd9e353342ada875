"""What ended a step, from the log of its pod: KFP's own records say only that it failed."""

import re

EXECUTORS_END = re.compile(r"exit status \d+|signal: ")
"""How the launcher's last line tells that the executor's process failed."""
ARGOS_END = re.compile(r"Error: (exit status \d+|signal: .*)")
"""Argo's own last line, after everything that the executor and the launcher logged."""
UNREACHED = re.compile(
    r"connection refused|connection reset|code = Unavailable|deadline exceeded|EOF|no such host"
)
"""How Go tells of a server that does not answer."""
SERVICES_AWAY = (
    "A service of Kubeflow Pipelines was away when the step was to be recorded; a new run takes "
    "what is done from the cache"
)


def executors_last_line(text: str) -> str:
    """What ended an executor: its last line, without what KFP's launcher logs after it."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    lines = [line for line in lines if not ARGOS_END.fullmatch(line)]
    theirs = [line for line in lines if not _is_launchers(line)]
    ours = [line for line in theirs if " failed: " in line]
    if ours:
        return ours[-1]
    launcher = [line for line in lines if _is_launchers(line)]
    end = _launchers_failure(launcher)
    if end:
        return end
    end = _sudden_end(launcher)
    return "; its last line: ".join(filter(None, (end, *theirs[-1:])))


def _launchers_failure(launcher: list[str]) -> str:
    """Why KFP's launcher failed, with an executor that did not; empty where the executor did."""
    fatal = [line for line in launcher if line.startswith("F")]
    message = fatal[-1].partition("] ")[2].strip() if fatal else ""
    if not message or EXECUTORS_END.search(message):
        return ""
    away = f". {SERVICES_AWAY}" if UNREACHED.search(message) else ""
    return f"KFP's launcher: {message.removeprefix('failed to execute component: ')}{away}"


def _sudden_end(launcher: list[str]) -> str:
    """How a process ended that could log nothing; empty where it did not end so."""
    if not launcher:
        return ""
    fatal = [line for line in launcher if line.startswith("F")]
    if not fatal:
        return "its container was stopped from outside, perhaps for want of memory"
    _, signal, name = fatal[-1].rpartition("signal: ")
    return f"its process was stopped ({signal}{name}), perhaps for want of memory" if signal else ""


def drivers_last_line(text: str) -> str:
    """What ended KFP's driver: `F1122 07:16:23.12 23 main.go:77] KFP driver: ... failed: WHY`."""
    fatal = [line for line in text.splitlines() if line.startswith("F") and _is_launchers(line)]
    return "KFP's driver: " + fatal[-1].rpartition(") failed: ")[2] if fatal else ""


def _is_launchers(line: str) -> bool:
    """Go's log lines: `F1122 07:16:23.123456   23 main.go:77] ...`, and Argo's."""
    head = line.split(" ", 1)[0]
    return (len(head) == 5 and head[0] in "IWEF" and head[1:].isdigit()) or "level=" in line[:60]
