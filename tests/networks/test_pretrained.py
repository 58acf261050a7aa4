import functools
import hashlib
import http.server
import threading

import pytest
import torch

from photochrom.errors import ModelError, OptionError, OutputError
from photochrom.networks.pretrained import cache_folder, pretrained_state


@pytest.fixture
def weight_file(tmp_path):
    path = tmp_path / "published.pth"
    torch.save({"features.0.weight": torch.arange(4.0)}, path)
    return path


def checksum(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format, *args):
        pass


@pytest.fixture
def served(weight_file):
    handler = functools.partial(QuietHandler, directory=str(weight_file.parent))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/{weight_file.name}"
        server.shutdown()
        thread.join()


def test_a_path_is_read_with_or_without_a_checksum(weight_file):
    for sha256 in (None, checksum(weight_file), checksum(weight_file)[:8].upper()):
        state = pretrained_state(str(weight_file), sha256)
        assert torch.equal(state["features.0.weight"], torch.arange(4.0))


def test_a_url_is_downloaded_once_and_kept(weight_file, served, tmp_path):
    sha256, cache = checksum(weight_file), tmp_path / "new" / "cache"
    first = pretrained_state(served, sha256, cache)
    weight_file.unlink()
    again = pretrained_state(served, sha256, cache)
    assert torch.equal(first["features.0.weight"], again["features.0.weight"])
    assert [path.name for path in cache.iterdir()] == [f"{sha256[:8]}-published.pth"]


def test_a_damaged_download_is_fetched_again(weight_file, tmp_path):
    sha256, cache = checksum(weight_file), tmp_path / "cache"
    pretrained_state(weight_file.as_uri(), sha256, cache)
    next(cache.iterdir()).write_bytes(b"cut short")
    assert pretrained_state(weight_file.as_uri(), sha256, cache)


def test_a_download_with_another_checksum_is_an_error_and_leaves_nothing(weight_file, tmp_path):
    cache = tmp_path / "cache"
    with pytest.raises(ModelError, match=r"published\.pth: \d+ bytes came .* begin with 00000000"):
        pretrained_state(weight_file.as_uri(), "0" * 64, cache)
    assert list(cache.iterdir()) == []


def test_an_address_that_does_not_answer_is_an_error_that_says_what_to_do(served, tmp_path):
    with pytest.raises(ModelError, match=r"missing\.pth: could not be downloaded .*by hand"):
        pretrained_state(served.replace("published", "missing"), "0" * 8, tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_file_with_another_checksum_is_an_error(weight_file):
    with pytest.raises(ModelError, match=r"published\.pth: its SHA-256 does not begin with 0{8};"):
        pretrained_state(str(weight_file), "0" * 8)


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(ModelError, match=r"none\.pth: no such weight file"):
        pretrained_state(str(tmp_path / "none.pth"), None)


def test_a_file_that_torch_did_not_write_is_an_error(tmp_path):
    (tmp_path / "page.pth").write_bytes(b"<html>")
    with pytest.raises(ModelError, match=r"page\.pth: not a weight file"):
        pretrained_state(str(tmp_path / "page.pth"), None)


def test_a_file_without_a_state_dict_is_an_error(tmp_path):
    torch.save({"epoch": 3}, tmp_path / "run.pth")
    with pytest.raises(ModelError, match=r"run\.pth: holds something else"):
        pretrained_state(str(tmp_path / "run.pth"), None)


def test_a_download_without_a_checksum_and_a_checksum_that_is_none_are_errors(weight_file):
    with pytest.raises(OptionError, match="a download needs its SHA-256"):
        pretrained_state(weight_file.as_uri(), None)
    with pytest.raises(OptionError, match="'md5' is no SHA-256"):
        pretrained_state(str(weight_file), "md5")
    with pytest.raises(OptionError, match="known are https, http, file"):
        pretrained_state("ftp://example.org/w.pth", "0" * 8)


def test_a_cache_that_cannot_be_written_is_an_error(weight_file):
    with pytest.raises(OutputError, match="set XDG_CACHE_HOME"):
        pretrained_state(weight_file.as_uri(), checksum(weight_file), weight_file / "cache")


def test_downloads_go_where_the_environment_says(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "photochrom"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder().parent.name == ".cache"
