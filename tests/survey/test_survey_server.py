"""The server without a browser: what it tells, what it keeps, what it refuses."""

from __future__ import annotations

import hashlib
import re
import socket
import threading
from collections.abc import Iterator

import pytest
from served import Client, served
from small_surveys import Copied

pytest.importorskip("uvicorn", reason="the web extra is not installed")

from photochrom.errors import InputError, OptionError, OutputError
from photochrom.serving import listen
from photochrom.survey.folder import Survey, open_survey
from photochrom.survey.protection import HEADERS
from photochrom.survey.server import STATIC, SurveyServer, survey_names
from photochrom.survey.votes import Vote, VoteStore

TOKEN, OTHER = "0123456789abcdef" * 2, "f" * 32


@pytest.fixture
def single(copied: Copied) -> Survey:
    return copied("single")


@pytest.fixture
def client(single: Survey, copied: Copied) -> Iterator[Client]:
    with served({"single": single, "pair": copied("pair")}) as client:
        yield client


def arrive(client: Client, token: str = TOKEN, name: str = "single") -> dict:
    response = client.post(f"/s/{name}/api/participants", {"token": token})
    assert response.status == 200
    return response.json()


def a_vote(trials: list, number: int, answer: str = "real", **changes: object) -> dict:
    names = [picture["name"] for picture in trials[number]["pictures"]]
    return {"token": TOKEN, "trial": number, "pictures": names, "answer": answer,
            "shown_ms": 900, "answer_ms": 900, **changes}  # fmt: skip


def send(client: Client, vote: dict, name: str = "single"):
    return client.post(f"/s/{name}/api/votes", vote)


def test_the_page_knows_the_survey_before_anybody_comes(client, single):
    told = client.get("/s/single/api/survey").json()
    assert told["title"] == "Single"
    assert "No personal data" in told["consent"]
    assert (told["trials"], told["practice"], told["shown_seconds"]) == (8, 2, None)
    assert client.get("/s/pair/api/survey").json()["shown_seconds"] == 0.05
    with VoteStore(single.votes_path) as store:
        assert store.participants() == 0


def test_a_participant_is_told_their_own_order_and_nothing_that_betrays(client, single):
    told = arrive(client)
    expected = [[f.name for f in single.files(trial)] for trial in single.trials(0)]
    assert [[p["name"] for p in t["pictures"]] for t in told["trials"]] == expected
    assert [t["practice"] for t in told["trials"]] == [True, True, *[False] * 8]
    for name in (name for names in expected for name in names):
        assert re.fullmatch(r"[0-9a-f]{32}\.png", name)
    assert all(set(p) == {"name", "width", "height"} for t in told["trials"] for p in t["pictures"])
    assert all(set(t) == {"practice", "pictures"} for t in told["trials"])


def test_a_vote_is_kept_as_it_was_shown(client, single):
    trials = arrive(client)["trials"]
    assert send(client, a_vote(trials, 4, "synthesized")).json() == {"answer": "synthesized"}
    with VoteStore(single.votes_path) as store:
        (vote,) = store.votes()
    trial = single.trials(0)[4]
    names = tuple(file.name for file in single.files(trial))
    assert vote == Vote(0, 4, trial.kind, names, "synthesized", 900, 900)
    assert arrive(client)["answered"] == [4]


def test_a_vote_may_be_sent_again_and_the_first_stays(client, single):
    trials = arrive(client)["trials"]
    for answer in ("real", "real", "synthesized"):
        assert send(client, a_vote(trials, 5, answer)).json() == {"answer": "real"}
    with VoteStore(single.votes_path) as store:
        assert [vote.answer for vote in store.votes()] == ["real"]


def test_only_practice_tells_what_was_right(client, single):
    trials = arrive(client)["trials"]
    for number, trial in enumerate(single.trials(0)):
        told = send(client, a_vote(trials, number)).json()
        expected = "real" if trial.versions == ("real",) else "synthesized"
        assert told.get("correct") == (expected if number < 2 else None)


def test_the_right_answer_of_a_pair_is_the_side_of_the_real_picture(client, single):
    trials = arrive(client, name="pair")["trials"]
    survey = open_survey(single.folder.parent / "pair")
    for number, trial in enumerate(survey.trials(0)[:2]):
        told = send(client, a_vote(trials, number, "first"), "pair").json()
        assert told["correct"] == ("first", "second")[trial.versions.index("real")]


def test_two_surveys_do_not_mix(client, single):
    ours, theirs = arrive(client)["trials"], arrive(client, OTHER, "pair")["trials"]
    assert send(client, a_vote(ours, 3)).status == 200
    assert arrive(client, name="pair")["answered"] == []
    assert send(client, a_vote(theirs, 3, "first", token=OTHER)).status == 404
    name = theirs[3]["pictures"][0]["name"]
    assert client.get(f"/s/single/pictures/{name}").status == 404
    assert client.get(f"/s/pair/pictures/{name}").status == 200


def test_pictures_are_the_recorded_bytes_and_carry_no_date(client, single):
    for file in single.files(single.trials(0)[3]):
        response = client.get(f"/s/single/pictures/{file.name}")
        assert hashlib.sha256(response.content).hexdigest() == file.sha256
        assert response.headers["content-type"] == "image/png"
        assert "last-modified" not in response.headers
        assert "etag" not in response.headers


@pytest.mark.parametrize(
    "path",
    ["pictures/survey.json", "pictures/..%2fsurvey.json", "pictures/%2e%2e/survey.json",
     "survey.json", "votes.db", "../votes.db", "pictures/" + "0" * 32 + ".png"],
)  # fmt: skip
def test_no_other_file_of_the_folder_can_be_had(client, path):
    assert client.get(f"/s/single/{path}").status == 404


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"trial": 99}, 422),
        ({"trial": -1}, 422),
        ({"answer": "first"}, 422),
        ({"answer_ms": -5}, 422),
        ({"answer_ms": 10**9}, 422),
        ({"token": "short"}, 422),
        ({"token": OTHER}, 404),
        ({"pictures": ["0" * 32 + ".png"]}, 409),
        ({"pictures": []}, 422),
    ],
)
def test_a_vote_that_does_not_fit_is_refused_and_not_kept(client, single, changes, status):
    trials = arrive(client)["trials"]
    assert send(client, a_vote(trials, 4, **changes)).status == status
    with VoteStore(single.votes_path) as store:
        assert store.votes() == []


def test_a_vote_for_the_pictures_of_another_trial_is_refused(client):
    trials = arrive(client)["trials"]
    names = [picture["name"] for picture in trials[5]["pictures"]]
    assert send(client, a_vote(trials, 4, pictures=names)).status == 409


@pytest.mark.parametrize("address", ["/s/none/", "/s/none/api/survey", "/docs", "/openapi.json"])
def test_what_is_not_there_is_not_found(client, address):
    assert client.get(address).status == 404


@pytest.mark.parametrize(
    "address", ["/", "/s/single/", "/s/single/api/survey", "/static/survey.js", "/s/none/"]
)
def test_every_answer_carries_the_headers_that_protect(client, address):
    headers = client.get(address).headers
    for name, value in HEADERS.items():
        assert headers[name] == value
    policy = headers["content-security-policy"]
    assert "unsafe-inline" not in policy
    assert "default-src 'none'" in policy
    assert "set-cookie" not in headers


def test_pages_load_nothing_from_elsewhere_and_have_no_inline_code():
    for file in STATIC.iterdir():
        text = file.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "http:" not in text
        assert "https:" not in text
        if file.suffix == ".html":
            assert not re.search(r"<style|style=|\bon[a-z]+=", text)
            assert text.count("<script") == text.count('<script type="module" src=')


def test_a_large_or_endless_request_is_refused(client):
    huge = {"token": "0" * 50_000}
    assert client.post("/s/single/api/participants", huge).status == 413
    endless = client.post("/s/single/api/participants", iter([b"{}"] * 3))
    assert endless.status == 413


def test_a_form_from_another_site_is_no_vote(client):
    response = client.post("/s/single/api/participants", {"token": TOKEN}, "text/plain")
    assert response.status == 422


def test_one_survey_alone_is_where_the_root_leads(copied):
    with served({"pair": copied("pair")}) as client:
        response = client.get("/")
    assert response.status == 307
    assert response.headers["location"] == "s/pair/"


def test_several_surveys_are_listed(client):
    assert client.get("/api/surveys").json() == [
        {"name": "single", "title": "Single"}, {"name": "pair", "title": "Pairs"},
    ]  # fmt: skip


def test_a_vote_that_cannot_be_written_is_not_acknowledged(client, single, monkeypatch, caplog):
    trials = arrive(client)["trials"]

    def full(self: VoteStore, vote: Vote) -> Vote:
        raise OutputError("votes.db: database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(VoteStore, "record", full)
        assert send(client, a_vote(trials, 4)).status == 503
    assert "disk is full" in caplog.text
    assert send(client, a_vote(trials, 4)).status == 200


def test_twenty_people_at_once_lose_and_double_nothing(client, single):
    def person(which: int) -> None:
        token = f"{which:032x}"
        trials = arrive(client, token)["trials"]
        for number in range(len(trials)):
            for _ in range(2):
                send(client, a_vote(trials, number, token=token))

    threads = [threading.Thread(target=person, args=(which,)) for which in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with VoteStore(single.votes_path) as store:
        votes = store.votes()
    assert len(votes) == 20 * 10
    for vote in votes:
        trial = single.trials(vote.participant)[vote.trial]
        assert vote.pictures == tuple(file.name for file in single.files(trial))


def test_error_for_a_survey_that_is_damaged(copied):
    survey = copied("single")
    survey.votes_path.write_bytes(b"no votes")
    with pytest.raises(InputError, match=r"votes\.db"):
        SurveyServer({"single": survey})


def test_addresses_are_the_names_of_the_folders(tmp_path):
    one, two = tmp_path / "one", tmp_path / "deeper/two"
    assert survey_names([one, two]) == {"one": one, "two": two}
    with pytest.raises(OptionError, match="served already"):
        survey_names([one, tmp_path / "deeper/one"])
    with pytest.raises(OptionError, match="cannot be in an address"):
        survey_names([tmp_path / "what is this?"])


def test_error_for_an_address_that_is_taken_or_wrong():
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OutputError, match=f"127.0.0.1:{port}: .* another --port"):
            listen("127.0.0.1", port)
    with pytest.raises(OutputError, match="another --port or --host"):
        listen("host.invalid", 0)


def test_it_listens_on_this_machine_alone():
    with listen("127.0.0.1", 0) as listener:
        assert listener.family == socket.AF_INET
        assert listener.getsockname()[0] == "127.0.0.1"
