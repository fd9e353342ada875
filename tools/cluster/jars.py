"""Brings an engine's jars from PyPI, and Beam's runner for it from Maven Central."""

import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

NOT_STAGED = Path("gradle/wrapper")
"""Beam's job server sends all jars of its classpath along with each job, 300 MB, but for those of a
folder so called. The workers have them already."""


@dataclass(frozen=True)
class Jars:
    """What to bring.

    Attributes:
        engine: Requirement of the Python package whose archive holds the engine's jars.
        sha256: Of the archive.
        within: Pattern of the jars in it.
        runner: Folder with `pom.xml`, of Beam's runner, and `jars.sha256`: of each jar that is
            taken, SHA-256 and name.
        left_out: Patterns of the engine's jars that Beam needs newer.
    """

    engine: str
    sha256: str
    within: str
    runner: Path
    left_out: tuple[str, ...] = ()


class MissingToolError(Exception):
    """What the cluster needs and this machine lacks, and how to get it."""


def require_tools(*names: str) -> None:
    """Says what is missing.

    Raises:
        MissingToolError: A program is not on PATH.
    """
    packages = {"java": "openjdk-17-jre-headless", "mvn": "maven"}
    missing = [name for name in names if shutil.which(name) is None]
    if missing:
        wanted = " ".join(packages[name] for name in missing)
        raise MissingToolError(f"no {' and no '.join(missing)} on PATH; apt-get install {wanted}")


def bring(wanted: Jars, folder: Path) -> Path:
    """Brings the jars, unless they are there.

    Args:
        wanted: Which.
        folder: Where they are kept.

    Returns:
        The folder of all jars, 300 MB.

    Raises:
        MissingToolError: Java or Maven is not on PATH.
        ValueError: A file is not the one that was expected.
    """
    require_tools("java")
    jars = folder / NOT_STAGED
    if not jars.exists():
        require_tools("mvn")
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as name:
            made = Path(name) / "jars"
            made.mkdir()
            _of_engine(wanted, Path(name), made)
            _of_runner(wanted.runner, Path(name), made)
            jars.parent.mkdir(exist_ok=True)
            made.rename(jars)
    return jars


def _of_engine(wanted: Jars, work: Path, jars: Path) -> None:
    requirement = work / "requirements.txt"
    requirement.write_text(f"{wanted.engine} --hash=sha256:{wanted.sha256}\n")
    options = ["--no-deps", "--no-binary=:all:", "--require-hashes", f"--dest={work}"]
    pip = [sys.executable, "-m", "pip", "download", "-q", *options, "-r", str(requirement)]
    subprocess.run(pip, check=True)
    [archive] = work.glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        tar.extractall(work, filter="data")
    for jar in work.glob(wanted.within):
        if not any(jar.match(pattern) for pattern in wanted.left_out):
            jar.rename(jars / jar.name)


def _of_runner(runner: Path, work: Path, jars: Path) -> None:
    copied = work / "beam"
    goal = ["dependency:copy-dependencies", f"-DoutputDirectory={copied}"]
    subprocess.run(["mvn", "-q", "-B", "-f", str(runner / "pom.xml"), *goal], check=True)  # noqa: S607
    for line in (runner / "jars.sha256").read_text().splitlines():
        expected, name = line.split()
        found = hashlib.sha256((copied / name).read_bytes()).hexdigest()
        if found != expected:
            raise ValueError(f"{name} is not the expected file: SHA-256 {found}, not {expected}")
        (copied / name).rename(jars / name)
