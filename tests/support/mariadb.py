"""A MariaDB of its own on a port of this machine, where it is installed."""

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

INSTALL, SERVER, CLIENT = "mariadb-install-db", "mariadbd", "mariadb"
MISSING = "MariaDB is not installed (apt-get install mariadb-server)"
USER, PASSWORD, DATABASE = "reader", "not shown", "metadb"
DEADLINE = 60.0
"""Seconds."""


def is_installed() -> bool:
    return all(shutil.which(program) for program in (INSTALL, SERVER, CLIENT))


@contextlib.contextmanager
def running(folder: Path) -> Iterator[int]:
    """Runs a server with an empty database for `USER`; yields its port.

    Args:
        folder: Its files go there; a short path, since it has a socket.
    """
    sock = folder / "s"
    shared = ["--no-defaults", f"--datadir={folder / 'data'}"]
    if os.geteuid() == 0:  # the server refuses to run as root
        shared.append("--user=mysql")
        shutil.chown(folder, "mysql")
    options = ["--skip-test-db", "--auth-root-authentication-method=normal"]
    subprocess.run([INSTALL, *shared, *options], check=True, capture_output=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = [f"--socket={sock}", "--bind-address=127.0.0.1", f"--port={port}"]
    server = subprocess.Popen(
        [SERVER, *shared, *options, "--innodb-buffer-pool-size=32M"], stderr=subprocess.DEVNULL
    )
    try:
        _wait(sock, server)
        _ask(sock, f"create database {DATABASE}")
        _ask(sock, f"create user {USER}@'127.0.0.1' identified by '{PASSWORD}'")
        _ask(sock, f"grant all on {DATABASE}.* to {USER}@'127.0.0.1'")
        yield port
    finally:
        server.terminate()
        server.wait()


def _wait(sock: Path, server: subprocess.Popen) -> None:
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(subprocess.CalledProcessError):
            return _ask(sock, "select 1")
        time.sleep(0.1)
    raise TimeoutError(f"MariaDB did not start: {server.poll()}")


def _ask(sock: Path, statement: str) -> None:
    subprocess.run(
        [CLIENT, "--no-defaults", "-uroot", f"--socket={sock}", "-e", statement],
        check=True,
        capture_output=True,
    )
