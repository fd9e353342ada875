"""Fetching a pinned program from PyPI or a mirror of it."""

import base64
import hashlib
import io
import stat
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tools.environment.index import Program, find_link, install, mirror, request
from tools.environment.steps import SetupError

LOGIN = "me:pw"
WHEEL = "tool-1.0+local-py3-none-any.whl"


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("https://files.example/a/tool-1.whl#sha256=00", "https://files.example/a/tool-1.whl"),
        ("../../files/tool-1.whl", f"https://{LOGIN}@mirror.example/files/tool-1.whl"),
        ("tool-1.whl?a=b", f"https://{LOGIN}@mirror.example/simple/tool/tool-1.whl?a=b"),
        ("https://files.example/not-tool-1.whl", None),
        ("https://files.example/tool-1.whl.metadata", None),
    ],
)
def test_link_is_found_whatever_its_form(link: str, expected: str | None) -> None:
    page = f'<a href="https://files.example/tool-0.whl">0</a><a href="{link}">1</a>'
    base = f"https://{LOGIN}@mirror.example/simple/tool/"
    assert find_link(page, "tool-1.whl", base) == expected


def test_login_in_an_address_becomes_a_header() -> None:
    plain = request(f"https://{LOGIN}%40@mirror.example/simple/")
    assert plain.full_url == "https://mirror.example/simple/"
    expected = base64.b64encode(b"me:pw@").decode()
    assert plain.get_header("Authorization") == f"Basic {expected}"


def test_mirror_is_what_uv_or_pip_is_told() -> None:
    assert mirror({}) is None
    assert mirror({"PIP_INDEX_URL": "https://pip/simple/"}) == "https://pip/simple"
    both = {"PIP_INDEX_URL": "https://pip/simple", "UV_DEFAULT_INDEX": "https://uv/simple"}
    assert mirror(both) == "https://uv/simple"


@dataclass
class Served:
    """An index that offers one wheel, and what it was asked for."""

    program: Program
    asked: list[str]


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as wheel:
        wheel.writestr("tool.data/scripts/tool", "#!/bin/sh\necho works\n")
    asked: list[str] = []

    class Index(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            page = f'<a href="/files/{WHEEL.replace("+", "%2B")}">it</a>'.encode()
            body = {"/simple/tool/": page}.get(self.path, content.getvalue())
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Index) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for name in ("UV_INDEX_URL", "PIP_INDEX_URL", "http_proxy", "HTTP_PROXY"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("UV_DEFAULT_INDEX", f"http://127.0.0.1:{server.server_port}/simple")
        sha256 = hashlib.sha256(content.getvalue()).hexdigest()
        yield Served(Program("tool", WHEEL, sha256, "tool.data/scripts/tool"), asked)
        server.shutdown()


def test_program_is_fetched_once_and_can_be_run(served: Served, tmp_path: Path) -> None:
    tool = install(served.program, tmp_path / "bin")
    assert tool == tmp_path / "bin/tool"
    assert tool.read_text() == "#!/bin/sh\necho works\n"
    assert tool.stat().st_mode & stat.S_IXUSR
    asked = len(served.asked)
    assert install(served.program, tmp_path / "bin") == tool
    assert len(served.asked) == asked


def test_another_file_than_the_pinned_one_is_refused(served: Served, tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="SHA-256"):
        install(replace(served.program, sha256="0" * 64), tmp_path / "bin")
    assert not (tmp_path / "bin/tool").exists()


def test_a_mirror_without_the_wheel_is_named(served: Served, tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"/simple/tool/ does not offer other.whl"):
        install(replace(served.program, wheel="other.whl"), tmp_path / "bin")


def test_no_way_out_says_what_to_set(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    with pytest.raises(SetupError, match="UV_DEFAULT_INDEX"):
        install(served.program, tmp_path / "bin")
