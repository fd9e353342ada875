"""Small files that several writers change: read with their state, replaced only where it is that.

In a folder, writers hold its lock, and a rename replaces the file. A store of the S3 kind compares
the ETag itself (`If-Match`); where a store has no such writes, and in one that is behind
TensorFlow's file functions (gs://), the file is read back instead, which notices a writer who came
in between but for an instant.
"""

from __future__ import annotations

import errno
import functools
import os
import stat
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

from tfx_kubeflow.storage import connection
from tfx_kubeflow.storage.lock import HIDDEN

MOST_BYTES = 1 << 20
"""Larger files are none of ours."""
NO_CONDITION = {"NotImplemented", "501"}
"""What stores answer that compare nothing."""
CONFLICT = {"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey", "404", "409", "412"}


class Conflict(Exception):  # noqa: N818, it is no error of anybody's
    """Somebody else has changed the file since it was read."""


@dataclass(frozen=True)
class Document:
    """What a file held when it was read.

    Attributes:
        content: None where there was no file.
        tag: The store's ETag, where it has such.
    """

    content: bytes | None
    tag: str | None = None


def read(path: str) -> Document:
    """Reads a file below a folder or URI.

    Raises:
        OSError: It is no regular file, too large, or the store did not answer.
    """
    if path.startswith(connection.SCHEMES):
        return _read_object(path)
    if "://" in path:
        return _read_elsewhere(path)
    return Document(_read_file(path))


def replace(path: str, content: bytes, seen: Document) -> None:
    """Replaces a file, whole or not at all, or makes it.

    In a folder, the caller holds its lock from `read` to here.

    Args:
        path: Of the file.
        content: What it shall hold.
        seen: What it held when it was read.

    Raises:
        Conflict: It does not hold that any more.
        OSError: It cannot be written; what was there still is.
    """
    if path.startswith(connection.SCHEMES):
        _replace_object(path, content, seen)
    elif "://" in path:
        _replace_elsewhere(path, content, seen)
    else:
        _replace_file(Path(path), content)


def _read_file(path: str) -> bytes | None:
    # Others may write to the folder: neither follows a link, nor waits for the end of a pipe.
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise OSError(error.errno, "is a symbolic link; remove it", path) from error
        raise
    with os.fdopen(descriptor, "rb") as stream:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(f"{path}: is no regular file; remove it")
        content = stream.read(MOST_BYTES + 1)
    return _small(path, content)


def _replace_file(path: Path, content: bytes) -> None:
    draft = path.with_name(f"{HIDDEN}{path.name}")
    draft.unlink(missing_ok=True)  # of a writer who was killed: the lock is held
    try:
        with draft.open("xb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    sync(path.parent)


def sync(path: Path) -> None:
    """Has the disk keep a file, or the names in a folder, should the machine stop."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read_object(uri: str) -> Document:
    from botocore.exceptions import BotoCoreError, ClientError

    client, names = _object(uri)
    try:
        answer = client.get_object(**names)
        content = answer["Body"].read(MOST_BYTES + 1)
    except ClientError as error:
        if _code(error) == "NoSuchKey":
            return Document(None)
        raise _refused(uri, error) from error
    except BotoCoreError as error:
        raise OSError(f"{uri}: {error}") from error
    return Document(_small(uri, content), answer["ETag"])


def _replace_object(uri: str, content: bytes, seen: Document) -> None:
    from botocore.exceptions import BotoCoreError, ClientError

    client, names = _object(uri)
    condition = {"IfMatch": seen.tag} if seen.tag else {"IfNoneMatch": "*"}
    given = {**names, "Body": content, "ContentType": "application/json"}
    try:
        client.put_object(**given, **condition)
    except ClientError as error:
        if _code(error) in CONFLICT:
            raise Conflict(uri) from error
        if _code(error) not in NO_CONDITION:
            raise _refused(uri, error) from error
        if _read_object(uri) != seen:
            raise Conflict(uri) from error
        client.put_object(**given)
        if _read_object(uri).content != content:
            raise Conflict(uri) from error
    except BotoCoreError as error:
        raise OSError(f"{uri}: {error}") from error


def _code(error: Any) -> str:
    return str(error.response["Error"]["Code"])


def _refused(uri: str, error: Any) -> OSError:
    """An error whose number says whether another attempt may succeed (`retries.is_transient`)."""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    number = errno.EACCES if status < HTTPStatus.INTERNAL_SERVER_ERROR else errno.EAGAIN
    return OSError(number, str(error), uri)


def _object(uri: str) -> tuple[Any, dict[str, str]]:
    bucket, _, key = uri.split("://", 1)[1].partition("/")
    return _client(connection.connection(uri)), {"Bucket": bucket, "Key": key}


@functools.cache
def _client(given: connection.Connection) -> Any:
    import boto3
    from botocore.config import Config

    endpoint = given.endpoint
    if endpoint and "://" not in endpoint:
        endpoint = f"https://{endpoint}"
    config = Config(
        connect_timeout=connection.CONNECT_TIMEOUT,
        read_timeout=connection.REQUEST_TIMEOUT,
        # A bucket in the name of the host is AWS's custom; checksums of uploads are as well.
        s3={"addressing_style": "path" if endpoint else "auto"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        retries={"mode": "standard", "max_attempts": 3},
    )
    return boto3.session.Session().client(
        "s3",
        endpoint_url=endpoint,
        region_name=given.region,
        aws_access_key_id=given.key if given.secret else None,
        aws_secret_access_key=given.secret if given.key else None,
        aws_session_token=given.token if given.key else None,
        config=config,
    )


def _read_elsewhere(uri: str) -> Document:
    from tfx_kubeflow.storage import filesystems

    store = filesystems.of(uri)
    if not store.exists(uri):
        return Document(None)
    with store.open(uri, "rb") as stream:
        return Document(_small(uri, stream.read()))


def _replace_elsewhere(uri: str, content: bytes, seen: Document) -> None:
    from tfx_kubeflow.storage import filesystems

    if _read_elsewhere(uri) != seen:
        raise Conflict(uri)
    with filesystems.of(uri).open(uri, "wb") as stream:
        stream.write(content)
    if _read_elsewhere(uri).content != content:
        raise Conflict(uri)


def _small(path: str, content: bytes) -> bytes:
    if len(content) > MOST_BYTES:
        raise OSError(f"{path}: has more than {MOST_BYTES} bytes, so it is none of ours; remove it")
    return content
