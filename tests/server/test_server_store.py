"""What is kept, and what is left of it after any end."""

from __future__ import annotations

from pathlib import Path

import pytest

from photochrom.errors import InputError, OutputError
from photochrom.server.job_file import DONE, FAILED, WAITING, WORKING, JobFile, done, failed
from photochrom.server.store import Store
from photochrom.server.uploads import Upload


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def uploaded(store: Store, name: str = "a.jpg") -> Upload:
    path = store.new_file()
    path.write_bytes(b"picture")
    return Upload(path, name, 7)


def finish(store: Store, file: JobFile) -> None:
    assert store.begin(file)
    result = store.new_file()
    result.write_bytes(b"coloured")
    assert store.end(file, done(file, result, "a.color.jpg"))


def states(store: Store, job: str) -> list[str]:
    return [file.state for file in store.job_files(job)]


def test_a_job_is_there_after_a_restart(tmp_path):
    store = Store(tmp_path)
    job = store.add_job('{"vividness": 1}', [uploaded(store, "a.jpg"), uploaded(store, "b.jpg")])
    first, second = store.job_files(job)
    finish(store, first)
    assert store.begin(second)
    assert states(store, job) == [DONE, WORKING]
    store.close()
    store = Store(tmp_path)
    assert store.job_options(job) == '{"vividness": 1}'
    assert states(store, job) == [DONE, WAITING]
    assert [file.name for file in store.waiting_files()] == ["b.jpg"]
    assert store.job_files(job)[0].result.read_bytes() == b"coloured"
    store.close()


def test_a_picture_that_ends_the_service_twice_has_failed(tmp_path):
    store = Store(tmp_path)
    job = store.add_job("{}", [uploaded(store)])
    for expected in (WAITING, FAILED):
        assert store.begin(store.job_files(job)[0])
        store.close()
        store = Store(tmp_path)
        assert states(store, job) == [expected]
    assert "ended 2 times" in store.job_files(job)[0].error
    assert not store.begin(store.job_files(job)[0])
    store.close()


def test_files_that_nobody_knows_of_are_removed_at_the_next_start(tmp_path):
    store = Store(tmp_path)
    kept = uploaded(store)
    store.add_job("{}", [kept])
    picture = uploaded(store)
    store.add_picture(picture)
    uploaded(store)
    (store.files / ".photochrom-1234.part").write_bytes(b"half")
    store.close()
    store = Store(tmp_path)
    assert set(store.files.iterdir()) == {kept.path, picture.path}
    store.close()


def test_jobs_wait_in_the_order_in_which_they_came(tmp_path):
    store = Store(tmp_path)
    for number in range(5):
        store.add_job("{}", [uploaded(store, f"{number}{letter}") for letter in "ab"])
    names = [file.name for file in store.waiting_files()]
    assert names == [f"{number}{letter}" for number in range(5) for letter in "ab"]
    store.close()


def test_ended_jobs_and_unused_pictures_are_cleaned_after_a_set_time(tmp_path):
    clock = Clock()
    store = Store(tmp_path, clock)
    ended, waits = (store.add_job("{}", [uploaded(store)]) for _ in range(2))
    finish(store, store.job_files(ended)[0])
    unused, used = (store.add_picture(uploaded(store)) for _ in range(2))
    clock.now += 50
    assert store.use_picture(used).name == "a.jpg"
    clock.now += 51
    assert set(store.clean(100)) == {ended, unused}
    assert store.job_files(ended) == []
    assert states(store, waits) == [WAITING]
    assert store.use_picture(unused) is None
    assert store.use_picture(used) is not None
    assert len(list(store.files.iterdir())) == 2
    clock.now += 10_000
    assert store.clean(100) == [used]
    assert states(store, waits) == [WAITING]
    store.close()


def test_a_failed_job_is_cleaned_too(tmp_path):
    clock = Clock()
    store = Store(tmp_path, clock)
    job = store.add_job("{}", [uploaded(store)])
    (file,) = store.job_files(job)
    assert store.begin(file)
    assert store.end(file, failed(file, "damaged"))
    clock.now += 101
    assert store.clean(100) == [job]
    assert list(store.files.iterdir()) == []
    store.close()


def test_a_result_of_a_job_that_has_gone_is_not_kept(tmp_path):
    store = Store(tmp_path)
    job = store.add_job("{}", [uploaded(store)])
    (file,) = store.job_files(job)
    assert store.begin(file)
    assert store.remove_job(job)
    result = store.new_file()
    result.write_bytes(b"coloured")
    assert not store.end(file, done(file, result, "a.color.jpg"))
    assert not store.remove_job(job)
    store.close()


def test_stored_bytes_are_those_of_the_files(tmp_path):
    store = Store(tmp_path)
    job = store.add_job("{}", [uploaded(store), uploaded(store)])
    store.add_picture(uploaded(store))
    assert store.stored_bytes() == 21
    finish(store, store.job_files(job)[0])
    assert store.stored_bytes() == sum(p.stat().st_size for p in store.files.iterdir()) == 22
    store.close()


def test_two_services_cannot_share_a_folder(tmp_path):
    store = Store(tmp_path)
    with pytest.raises(OutputError, match="another service uses this folder; another --data"):
        Store(tmp_path)
    store.close()
    Store(tmp_path).close()


def test_error_for_a_folder_that_is_damaged_or_cannot_be(tmp_path: Path):
    (tmp_path / "service.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(InputError, match=r"service\.db: damaged"):
        Store(tmp_path)
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError):
        Store(tmp_path / "file" / "folder")
