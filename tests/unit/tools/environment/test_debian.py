"""Reading what the machine runs, where its packages come from, and what apt would install."""

from pathlib import Path

import pytest

from tools.environment import debian
from tools.environment.debian import DEBIAN, UBUNTU, Machine, libraries, mirrors, planned

BOOKWORM = Machine(("debian",), "bookworm")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('ID=debian\nVERSION_CODENAME=bookworm\nPRETTY_NAME="Debian"\n', BOOKWORM),
        (
            "ID=linuxmint\nID_LIKE='ubuntu debian'\nVERSION_CODENAME=vera\nUBUNTU_CODENAME=jammy\n",
            Machine(("linuxmint", "ubuntu", "debian"), "jammy"),
        ),
        ('\n# nothing known\nID="alpine"\n', Machine(("alpine",), "")),
    ],
)
def test_os_release(text: str, expected: Machine) -> None:
    assert Machine.parse(text) == expected


def test_the_machines_own_mirrors_are_taken_pocket_by_pocket() -> None:
    targets = """\
https://mirror.example/debian/ bookworm main
https://mirror.example/debian/ bookworm contrib
https://mirror.example/debian/ bookworm-updates main
https://mirror.example/security/ bookworm-security main
https://mirror.example/debian/ bookworm-backports main
https://vendor.example/apt cloud-sdk-bookworm main
file:/srv/packages bookworm main

https://mirror.example/debian/ bookworm main
"""
    assert mirrors(DEBIAN, targets, BOOKWORM) == [
        ("https://mirror.example/debian/", "{codename}"),
        ("https://mirror.example/debian/", "{codename}-updates"),
        ("https://mirror.example/security/", "{codename}-security"),
    ]


def test_another_distribution_has_no_mirror_of_this_one() -> None:
    jammy = Machine(("ubuntu", "debian"), "jammy")
    targets = "http://archive.example/ubuntu jammy main\n"
    assert mirrors(UBUNTU, targets, jammy) == [("http://archive.example/ubuntu", "{codename}")]
    assert mirrors(DEBIAN, targets, Machine(("ubuntu",), "jammy")) == []


def test_planned_packages_with_their_versions() -> None:
    simulation = """\
Reading package lists...
The following NEW packages will be installed:
  gcc-14-base libc6
Inst gcc-14-base (14.2.0-19 Debian:13.2/stable [amd64])
Inst libc6 (2.41-12+deb13u1 Debian:13.2/stable [amd64]) []
Conf libc6 (2.41-12+deb13u1 Debian:13.2/stable [amd64])
"""
    assert planned(simulation) == [("gcc-14-base", "14.2.0-19"), ("libc6", "2.41-12+deb13u1")]


def test_libraries_of_both_places(tmp_path: Path) -> None:
    for name in ("lib", "usr/lib"):
        place = tmp_path / name / debian.ARCHITECTURE
        (place / "gconv").mkdir(parents=True)
        (place / f"lib{name[0]}.so.1").touch()
        (place / "gconv/UTF-16.so").touch()
        (place / "libc.a").touch()
    assert [file.name for file in libraries(tmp_path)] == ["libl.so.1", "libu.so.1"]


def test_a_machine_without_the_keyring_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(debian.SetupError, match="debian-archive-keyring"):
        debian.unpack(DEBIAN, ("trixie",), ("libc6",), tmp_path / "unpacked")
