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

from tools.environment.index import Program, _same_server, find_link, install, mirror, request
from tools.environment.steps import SetupError

LOGIN = "me:pw"
WHEEL = "tool-1.0+local-py3-none-any.whl"


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("https://files.example/a/tool-1.whl#sha256=00", "https://files.example/a/tool-1.whl"),
        ("../../files/tool-1.whl", f"https://{LOGIN}@mirror.example/files/tool-1.whl"),
        ("tool-1.whl?a=b", f"https://{LOGIN}@mirror.example/simple/tool/tool-1.whl?a=b"),
        ("http://mirror.example/tool-1.whl", "http://mirror.example/tool-1.whl"),
        ("https://mirror.example:444/tool-1.whl", "https://mirror.example:444/tool-1.whl"),
        ("https://MIRROR.example:443/tool-1.whl", f"https://{LOGIN}@MIRROR.example:443/tool-1.whl"),
        ("https://you:x@mirror.example/tool-1.whl", "https://you:x@mirror.example/tool-1.whl"),
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


# The user and password of an index


class Handler(BaseHTTPRequestHandler):
    """Redirects or answers, and notes what came along."""

    def do_GET(self) -> None:
        self.server.logins.append(self.headers.get("Authorization"))  # type: ignore[attr-defined]
        status, headers = self.server.answer  # type: ignore[attr-defined]
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


class Host(ThreadingHTTPServer):
    """A server with a port of its own."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.logins: list[str | None] = []
        self.answer: tuple[int, dict[str, str]] = (200, {})
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def url(self, login: str = "") -> str:
        return f"http://{login}127.0.0.1:{self.server_port}/simple"


@pytest.fixture
def hosts(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Host, Host]]:
    for name in ("UV_INDEX_URL", "PIP_INDEX_URL", "http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with Host() as ours, Host() as theirs:
        monkeypatch.setenv("UV_DEFAULT_INDEX", ours.url("me:secret@"))
        yield ours, theirs
        ours.shutdown()
        theirs.shutdown()


def fetched(folder: Path) -> str:
    """What the user is told when there is no such wheel."""
    with pytest.raises(SetupError) as caught:
        install(Program("tool", WHEEL, "0" * 64, "tool"), folder / "bin")
    message = str(caught.value)
    assert "secret" not in message
    assert "me:" not in message
    return message


def basic(login: str) -> str:
    return "Basic " + base64.b64encode(login.encode()).decode()


def test_a_login_does_not_follow_a_redirect_to_another_server(
    hosts: tuple[Host, Host], tmp_path: Path
) -> None:
    ours, theirs = hosts
    ours.answer = (302, {"Location": theirs.url()})
    fetched(tmp_path)
    assert ours.logins == [basic("me:secret")]
    assert theirs.logins == [None]


def test_a_redirect_may_bring_a_login_of_its_own(hosts: tuple[Host, Host], tmp_path: Path) -> None:
    ours, theirs = hosts
    ours.answer = (301, {"Location": theirs.url("guest:word@")})
    fetched(tmp_path)
    assert theirs.logins == [basic("guest:word")]


def test_a_login_follows_a_redirect_on_its_own_server(
    hosts: tuple[Host, Host], tmp_path: Path
) -> None:
    ours, _ = hosts
    ours.answer = (302, {"Location": "/elsewhere"})
    assert "HTTP Error 302" in fetched(tmp_path), "it goes round and round"
    assert set(ours.logins) == {basic("me:secret")}
    assert len(ours.logins) > 1


@pytest.mark.parametrize(
    ("ours", "theirs", "same"),
    [
        ("https://a/x", "https://a/y", True),
        ("https://a", "https://A:443", True),
        ("https://a", "http://a", False),
        ("https://a:444", "http://a:444", False),
        ("http://a", "https://a", True),
        ("http://a:81", "https://a", False),
        ("https://a", "https://b.a", False),
    ],
)
def test_a_login_is_for_one_server_and_may_gain_encryption(
    ours: str, theirs: str, same: bool
) -> None:
    assert _same_server(ours, theirs) is same


@pytest.mark.parametrize("status", [401, 404, 500])
def test_no_error_shows_a_login(hosts: tuple[Host, Host], tmp_path: Path, status: int) -> None:
    ours, _ = hosts
    ours.answer = (status, {})
    assert f"HTTP Error {status}" in fetched(tmp_path)
    ours.answer = (200, {})
    assert "does not offer" in fetched(tmp_path)
    # pragma: allowlist nextline secret
    ours.answer = (302, {"Location": "gopher://me:secret@files.example/x"})
    assert "gopher://files.example" in fetched(tmp_path)


@pytest.mark.parametrize(
    "url",
    [
        "http://me:se/secret@127.0.0.1:9/simple",
        "http://me:sec#secret@127.0.0.1:9",
        # pragma: allowlist nextline secret
        "http://me:secret@127.0.0.1:port/simple",
        # pragma: allowlist nextline secret
        "http://me:secret@[::1/simple",
        "http://me:secret @127.0.0.1:9",
        # pragma: allowlist nextline secret
        "http://me:secret@127.0.0.1:9/simple",
    ],
)
def test_no_login_is_shown_of_an_address_that_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", url)
    fetched(tmp_path)
