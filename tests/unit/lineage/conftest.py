"""The same runs in each kind of store: a file of local runs, MariaDB, and KFP's service."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from ml_metadata.metadata_store import MetadataStore

from tests.support import mariadb, metadata_service
from tests.support.lineage import PIPELINE, KubeflowWriter, Writer, sqlite_store, tell
from tfx_pipeline.lineage.location import PASSWORD_VARIABLE, connection, open_records
from tfx_pipeline.lineage.records import Records

KINDS = ("sqlite", "mariadb", "kubeflow")


@dataclass(frozen=True)
class Told:
    """A store with the runs of `tests.support.lineage.tell`."""

    kind: str
    folder: Path
    store: str
    records: Records

    @property
    def serving(self) -> Path:
        return self.folder / "serving" / PIPELINE

    @property
    def options(self) -> list[str]:
        """Of the command."""
        return [f"--store={self.store}", f"--name={PIPELINE}", f"--outputs={self.folder}"]


@pytest.fixture(scope="session", params=KINDS)
def told(request, tmp_path_factory) -> Iterator[Told]:
    folder = tmp_path_factory.mktemp("told")
    database = folder / "metadata.sqlite"

    def opened(store: str) -> Told:
        return Told(request.param, folder, store, open_records(store, database, PIPELINE))

    match request.param:
        case "sqlite":
            tell(Writer(sqlite_store(database), str(folder)), folder)
            yield opened(str(database))
        case "mariadb":
            if not mariadb.is_installed():
                pytest.skip(mariadb.MISSING)
            with (
                tempfile.TemporaryDirectory(prefix="m") as short,
                mariadb.running(Path(short)) as port,
                pytest.MonkeyPatch.context() as patch,
            ):
                patch.setenv(PASSWORD_VARIABLE, mariadb.PASSWORD)
                store = f"mysql://{mariadb.USER}@127.0.0.1:{port}/{mariadb.DATABASE}"
                tell(Writer(MetadataStore(connection(store)), str(folder)), folder)
                yield opened(store)
        case "kubeflow":
            with metadata_service.serving(database) as port:
                store = f"grpc://127.0.0.1:{port}"
                tell(KubeflowWriter(MetadataStore(connection(store)), "minio://root"), folder)
                yield opened(store)
