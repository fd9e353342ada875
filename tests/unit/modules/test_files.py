"""Small files appear as a whole."""

from modules.files import write_atomically


def test_a_file_takes_the_place_of_an_older_one_and_leaves_nothing_beside_it(tmp_path):
    folder = tmp_path / "made" / "here"
    for text in ("first", "second, longer"):
        write_atomically(str(folder), "fit.json", text)
        assert (folder / "fit.json").read_text() == text
    assert [file.name for file in folder.iterdir()] == ["fit.json"]
