"""Takes packages of Debian or Ubuntu into a folder of the project, leaving the system as it is.

apt does it, with a source list, state and cache of its own: it needs no root, checks every
signature, and goes through the same mirror and proxy as the machine's own apt.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.environment.steps import SetupError, run

ARCHITECTURE = "x86_64-linux-gnu"


@dataclass(frozen=True)
class Distribution:
    """Where a distribution's packages come from.

    Attributes:
        name: as /etc/os-release has it.
        keyring: the keys that sign its archive, installed with the distribution.
        defaults: (url, suite) pairs for machines that name no mirror; {codename} stands for
            the release.
    """

    name: str
    keyring: Path
    defaults: tuple[tuple[str, str], ...]


DEBIAN = Distribution(
    "debian",
    Path("/usr/share/keyrings/debian-archive-keyring.gpg"),
    (
        ("http://deb.debian.org/debian", "{codename}"),
        ("http://deb.debian.org/debian-security", "{codename}-security"),
    ),
)
UBUNTU = Distribution(
    "ubuntu",
    Path("/usr/share/keyrings/ubuntu-archive-keyring.gpg"),
    (
        ("http://archive.ubuntu.com/ubuntu", "{codename}"),
        ("http://archive.ubuntu.com/ubuntu", "{codename}-updates"),
        ("http://security.ubuntu.com/ubuntu", "{codename}-security"),
    ),
)


@dataclass(frozen=True)
class Machine:
    """What the machine runs: the distribution's name, those it derives from, and the release."""

    names: tuple[str, ...]
    codename: str

    @classmethod
    def parse(cls, os_release: str) -> Machine:
        """Reads the text of /etc/os-release."""
        fields = dict(line.split("=", 1) for line in os_release.splitlines() if "=" in line)
        words = {name: value.strip().strip("'\"") for name, value in fields.items()}
        names = (words.get("ID", ""), *words.get("ID_LIKE", "").split())
        return cls(names, words.get("UBUNTU_CODENAME") or words.get("VERSION_CODENAME", ""))

    @classmethod
    def this(cls) -> Machine:
        """The machine that this runs on."""
        try:
            return cls.parse(Path("/etc/os-release").read_text())
        except OSError:
            return cls((), "")


def mirrors(distribution: Distribution, targets: str, machine: Machine) -> list[tuple[str, str]]:
    """The mirrors that the machine's own apt uses, as `Distribution.defaults` has them.

    Args:
        distribution: whose packages are requested; a machine that runs another one has none.
        targets: what the machine's apt is set to: lines of "url suite component".
        machine: what the machine runs.
    """
    pairs = []
    for line in targets.splitlines() if distribution.name in machine.names else ():
        url, suite, component, *_ = [*line.split(), "", "", ""]
        release = re.fullmatch(rf"{re.escape(machine.codename)}(-updates|-security)?", suite)
        if release and component == "main" and url.startswith(("http://", "https://")):
            pairs.append((url, "{codename}" + (release[1] or "")))
    return list(dict.fromkeys(pairs))


def unpack(
    distribution: Distribution, codenames: Sequence[str], packages: Sequence[str], folder: Path
) -> None:
    """Unpacks `packages` and all that they depend on into `folder`, the newest of all `codenames`.

    Raises:
        SetupError: apt or the distribution's keyring is missing, or the packages cannot be had.
    """
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb") and distribution.keyring.exists()):
        raise SetupError(f"needs apt and {distribution.keyring}, which this machine lacks")
    form = "$(REPO_URI) $(RELEASE) $(COMPONENT)"
    targets = run(["apt-get", "indextargets", "--format", form, "Created-By: Packages"])
    near = mirrors(distribution, targets, Machine.this())
    try:
        _unpack_from(near or distribution.defaults, distribution, codenames, packages, folder)
    except SetupError:
        if not near:  # a mirror may lack the requested release
            raise
        _unpack_from(distribution.defaults, distribution, codenames, packages, folder)


def _unpack_from(
    places: Sequence[tuple[str, str]],
    distribution: Distribution,
    codenames: Sequence[str],
    packages: Sequence[str],
    folder: Path,
) -> None:
    if folder.exists():
        shutil.rmtree(folder)
    apt = _private_apt(folder / "apt")
    options = f"[arch=amd64 signed-by={distribution.keyring}]"
    lines = [
        f"deb {options} {url} {suite.format(codename=codename)} main\n"
        for url, suite in places
        for codename in codenames
    ]
    (folder / "apt/sources.list").write_text("".join(lines))
    run([*apt, "update"])
    plan = run([*apt, "--simulate", "--no-install-recommends", "install", *packages])
    requested = [f"{name}={version}" for name, version in planned(plan)]
    run([*apt, "download", *requested], folder=folder / "apt/packages")
    for package in sorted((folder / "apt/packages").glob("*.deb")):
        run(["dpkg-deb", "--extract", package, folder])
    shutil.rmtree(folder / "apt")


def planned(simulation: str) -> list[tuple[str, str]]:
    """(package, version) of each `Inst package (version ...)` of `apt-get --simulate install`."""
    return re.findall(r"^Inst (\S+) \((\S+) ", simulation, flags=re.MULTILINE)


def libraries(folder: Path) -> list[Path]:
    """The shared libraries, links included, where the loader would look for them in `folder`."""
    places = (folder / "lib" / ARCHITECTURE, folder / "usr/lib" / ARCHITECTURE)
    return [file for place in places for file in sorted(place.glob("*.so*"))]


def _private_apt(folder: Path) -> list[str | Path]:
    for name in ("state/lists/partial", "cache/archives/partial", "packages"):
        (folder / name).mkdir(parents=True)
    # No package counts as installed: what is unpacked must be complete in itself.
    (folder / "status").touch()
    configuration = folder / "apt.conf"
    configuration.write_text(f"""\
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg;
Dir::State "{folder}/state";
Dir::State::status "{folder}/status";
Dir::Cache "{folder}/cache";
Dir::Etc::SourceList "{folder}/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
APT::Architecture "amd64";
APT::Sandbox::User "root";
APT::Install-Suggests "false";
Acquire::Languages "none";
Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";
Acquire::Retries "2";
Acquire::http::Timeout "20";
Acquire::https::Timeout "20";
""")
    return ["apt-get", "--config-file", configuration, "--quiet", "--yes"]
