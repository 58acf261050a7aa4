import pytest

from photochrom.atomic import written_whole
from photochrom.errors import OutputError


def test_the_file_appears_when_the_block_ends_well_and_not_before(tmp_path):
    target = tmp_path / "a.txt"
    with written_whole(target) as partial:
        partial.write_text("new")
        assert not target.exists()
    assert target.read_text() == "new"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt, SystemExit])
def test_whatever_goes_wrong_the_target_is_as_it_was(tmp_path, failure):
    target = tmp_path / "a.txt"
    target.write_text("old")
    with pytest.raises(failure), written_whole(target) as partial:
        partial.write_text("half")
        raise failure
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_what_the_system_refuses_is_an_output_error_that_names_the_target(tmp_path):
    with (
        pytest.raises(OutputError, match=r"a\.txt: cannot be written \(No such file"),
        written_whole(tmp_path / "nowhere" / "a.txt"),
    ):
        pass
    with (
        pytest.raises(OutputError, match=r"a\.txt: cannot be written \(No space left"),
        written_whole(tmp_path / "a.txt"),
    ):
        raise OSError(28, "No space left on device")
    with pytest.raises(OutputError, match="is a folder"), written_whole(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []
