"""`household-power serve`: serves the pushed models until it is told to end."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import socket
import sys
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfx_pipeline.settings import Settings, load_settings, takes_settings

if TYPE_CHECKING:
    from tfx_pipeline.server.server import Server

VERSION_VARIABLE = "MODEL_VERSION"
"""Version of a folder that is itself one SavedModel, unless an option says so."""


def add(commands: Any) -> None:
    """Adds the command to those of `household-power`."""
    serve = commands.add_parser(
        "serve", help="serve the pushed models with TensorFlow Serving's API (docs/serving.md)"
    )
    serve.add_argument(
        "--models",
        type=Path,
        metavar="FOLDER",
        help="of models by name, of one model's versions, or of one SavedModel; where runs push "
        "to unless given",
    )
    serve.add_argument(
        "--model-name",
        metavar="NAME",
        help="the one model to serve; all that are there unless given",
    )
    serve.add_argument(
        "--model-version",
        type=int,
        metavar="N",
        help=f"of a folder that is one SavedModel; ${VERSION_VARIABLE}, or 1, unless given",
    )
    takes_settings(serve)
    serve.set_defaults(run=run)


def run(parsed: argparse.Namespace) -> int:
    """Serves until a signal comes.

    Args:
        parsed: The options.

    Returns:
        0 after SIGTERM or SIGINT, 1 where a port is taken or there is no such folder, 2 where the
        version is no number.
    """
    settings = load_settings(parsed.settings, program="household-power serve")
    version = parsed.model_version or os.environ.get(VERSION_VARIABLE, "1")
    if not str(version).isdecimal():
        print(f"error: {VERSION_VARIABLE} must be a number, is {version!r}", file=sys.stderr)
        return 2
    folder = (parsed.models or settings.serving_dir.parent).absolute()
    try:
        # Before TensorFlow is imported, which takes seconds.
        rest = _bound(settings.serving.address, settings.serving.rest_port, "rest_port")
        with _bound(settings.serving.address, settings.serving.grpc_port, "grpc_port") as probe:
            grpc_address = f"{settings.serving.address}:{probe.getsockname()[1]}"
    except OSError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    _log_to_terminal()
    print("loading TensorFlow", flush=True)
    sources = folder, parsed.model_name, int(version)
    with ExitStack() as stack:
        server = _made(settings, sources, rest, grpc_address, stack)
        return asyncio.run(_serve(server, settings.serving.grace, folder))


def _made(
    settings: Settings,
    sources: tuple[Path, str | None, int],
    rest: socket.socket,
    grpc_address: str,
    stack: ExitStack,
) -> Server:
    """The server with everything that watches it; what is to be closed goes on the stack."""
    from tfx_kubeflow.imports import without_collection

    from tfx_pipeline.local.terminal import muted_errors

    with muted_errors(), without_collection():  # TensorFlow talks while it is imported
        from tfx_pipeline.server.server import Server
        from tfx_pipeline.server.sources import Sources
        from tfx_pipeline.serving.request_log import RequestLog

    # Whoever watches the answers is made here: an observer, and routes added to `server.app`.
    log = None
    if settings.serving.log.fraction > 0:
        log = stack.enter_context(closing(RequestLog(settings.log_dir, settings.serving.log)))
    server = Server(
        settings.serving, Sources(*sources), rest, grpc_address, observers=[log] if log else []
    )
    if log:
        server.metrics.watch_log(log)
    return server


async def _serve(server: Server, grace: float, folder: Path) -> int:
    loop = asyncio.get_running_loop()
    told: asyncio.Future[signal.Signals] = loop.create_future()

    def ended_by(number: signal.Signals) -> None:
        if told.done():
            print("ended at once", flush=True)
            os._exit(128 + number)
        told.set_result(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended_by, number)
    try:
        await server.start()
    except OSError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    summary = asyncio.create_task(_say_when_loaded(server, folder))
    number = await told
    summary.cancel()
    # Kubernetes takes a pod that ends out of its Services by and by; who presses Ctrl-C is alone.
    seconds = grace if number == signal.SIGTERM else 0.0
    print(f"ending: requests are answered for {seconds:g} s more", flush=True)
    await server.stop(seconds)
    return 0


async def _say_when_loaded(server: Server, folder: Path) -> None:
    while not server.loader.looked.is_set():
        await asyncio.sleep(0.05)
    _print_summary(server, folder)


def _print_summary(server: Server, folder: Path) -> None:
    address, port = server.rest_address
    base = f"http://{address}:{port}"
    if server.loader.problem:
        print(f"warning: {server.loader.problem}; it is looked at again and again", flush=True)
    for model in server.plane.models.values():
        labels = model.routing.labels.items()
        print(
            f"{model.name}: "
            + (", ".join(f"{label} {one.number}" for label, one in labels) or model.problem)
        )
        print(f"  {base}/v1/models/{model.name}:predict")
    if server.page:
        print(f"page {server.page}")
    print(f"serving {folder}: REST {address}:{port}, gRPC {address}:{server.grpc_port}", flush=True)


def _bound(address: str, port: int, setting: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((address, port))
        bound.listen(1024)
    except OSError as error:
        bound.close()
        raise OSError(
            f"serving.{setting}: cannot listen at {address}:{port}: {error.strerror or error}; "
            f"give another port, --serving.{setting}=0 is a free one"
        ) from error
    return bound


def _log_to_terminal() -> None:
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stdout)
    logging.getLogger("tfx_pipeline").setLevel(logging.INFO)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
