"""Brings Flink and Beam's job server for it: Flink from PyPI, Beam's runner from Maven Central."""

import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
FLINK = "apache-flink-libraries==1.19.3"
FLINK_SHA256 = (
    "4a58e3a1fb7d83340bc96b6c080624c6d792d69fae5d294b96224775204a9c60"  # pragma: allowlist secret
)
JARS = HERE / "jars.sha256"
"""Of each jar of Beam's runner: SHA-256 and name."""


NOT_STAGED = Path("gradle/wrapper")
"""Beam's job server sends all jars of its classpath along with each job, 300 MB, but for those of a
folder so called. The task managers have them already."""


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


def download(folder: Path) -> Path:
    """Brings the jars, unless they are there.

    Args:
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
            _flink(Path(name), made)
            _beam(Path(name), made)
            jars.parent.mkdir(exist_ok=True)
            made.rename(jars)
    return jars


def _flink(work: Path, jars: Path) -> None:
    requirement = work / "requirements.txt"
    requirement.write_text(f"{FLINK} --hash=sha256:{FLINK_SHA256}\n")
    options = ["--no-deps", "--no-binary=:all:", "--require-hashes", f"--dest={work}"]
    pip = [sys.executable, "-m", "pip", "download", "-q", *options, "-r", str(requirement)]
    subprocess.run(pip, check=True)
    [archive] = work.glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        tar.extractall(work, filter="data")
    for jar in work.glob("*/deps/lib/*.jar"):
        jar.rename(jars / jar.name)


def _beam(work: Path, jars: Path) -> None:
    copied = work / "beam"
    goal = ["dependency:copy-dependencies", f"-DoutputDirectory={copied}"]
    subprocess.run(["mvn", "-q", "-B", "-f", str(HERE / "pom.xml"), *goal], check=True)  # noqa: S607
    for line in JARS.read_text().splitlines():
        expected, name = line.split()
        found = hashlib.sha256((copied / name).read_bytes()).hexdigest()
        if found != expected:
            raise ValueError(f"{name} is not the expected file: SHA-256 {found}, not {expected}")
        (copied / name).rename(jars / name)
