"""Lines of a file that grows, is replaced or cut, and of standard input."""

import os
import threading

import pytest

from tfx_pipeline.client.errors import ForecastError
from tfx_pipeline.client.tail import Chunk, GrowingFile, StandardInput
from tfx_pipeline.data.raw.errors import DataError


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_bytes(b"time,power\n1,2\n")
    return path


def append(path, text):
    with path.open("ab") as stream:
        stream.write(text)


def test_lines_come_once_and_whole(file):
    tail = GrowingFile(file, pause=0.01)
    assert tail.read(1) == Chunk(b"time,power\n1,2\n")
    append(file, b"2,")
    assert tail.read(0.05) == Chunk(b"")
    append(file, b"3\n3,")
    assert tail.read(1) == Chunk(b"2,3\n")
    append(file, b"4\n")
    assert tail.read(1) == Chunk(b"3,4\n")


def test_a_file_that_is_replaced_is_read_from_its_beginning(file):
    tail = GrowingFile(file, pause=0.01)
    tail.read(1)
    append(file, b"last,9\n")
    file.rename(file.with_name("rows.csv.1"))
    assert tail.read(0.05) == Chunk(b"last,9\n")
    assert tail.read(0.05) == Chunk(b"")  # there is none
    file.write_bytes(b"time,power\n5,6\n")
    assert tail.read(1) == Chunk(b"time,power\n5,6\n", anew=True)
    append(file, b"6,7\n")
    assert tail.read(1) == Chunk(b"6,7\n")


def test_what_is_written_to_the_old_file_last_is_not_lost(file):
    tail = GrowingFile(file, pause=0.01)
    tail.read(1)
    os.link(file, file.with_name("rows.csv.1"))
    new = file.with_name("new")
    new.write_bytes(b"time,power\n5,6\n")
    new.replace(file)
    append(file.with_name("rows.csv.1"), b"late,1\n")
    assert tail.read(1) == Chunk(b"late,1\n")
    assert tail.read(1) == Chunk(b"time,power\n5,6\n", anew=True)


def test_a_file_that_is_cut_is_read_from_its_beginning(file):
    tail = GrowingFile(file, pause=0.01)
    tail.read(1)
    append(file, b"half")
    tail.read(0)
    with file.open("wb") as stream:
        stream.write(b"t,p\n7,8\n")
    assert tail.read(1) == Chunk(b"t,p\n7,8\n", anew=True)


@pytest.mark.parametrize("size", [15, 30])
def test_a_file_that_is_written_anew_in_place_is_read_from_its_beginning(file, size):
    tail = GrowingFile(file, pause=0.01)
    tail.read(1)
    with file.open("r+b") as stream:  # never shorter than it was
        stream.write(b"time,power\n5,6\n7,8\n8,9\n9,10\n"[:size])
    assert tail.read(1).anew
    append(file, b"10,11\n")
    assert tail.read(1) == Chunk(b"10,11\n")


def test_a_file_that_is_written_anew_with_the_same_rows_goes_on(file):
    tail = GrowingFile(file, pause=0.01)
    rows = tail.read(1).text
    file.write_bytes(rows + b"2,3\n")
    assert tail.read(1) == Chunk(b"2,3\n")


def test_what_cannot_be_followed_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ForecastError, match="pipe: a named pipe"):
        GrowingFile(tmp_path / "pipe")
    with pytest.raises(ForecastError, match=r"rows\.csv: No such file"):
        GrowingFile(tmp_path / "rows.csv")
    packed = tmp_path / "rows.csv.gz"
    packed.write_bytes(b"\x1f\x8b\x08" + bytes(20))
    with pytest.raises(DataError, match="a gzip file, not text"):
        GrowingFile(packed)


def test_standard_input_ends_with_its_last_line():
    read, write = os.pipe()

    def type_in():
        os.write(write, b"a\nb")
        os.write(write, b"c\nlast")
        os.close(write)

    source = StandardInput(read)
    assert source.read(0.01) == Chunk(b"")
    thread = threading.Thread(target=type_in)
    thread.start()
    chunks = []
    while not chunks or not chunks[-1].ended:
        chunks.append(source.read(1))
    thread.join()
    os.close(read)
    assert b"".join(chunk.text for chunk in chunks) == b"a\nbc\nlast"
    assert chunks[-1] == Chunk(b"last", ended=True)
