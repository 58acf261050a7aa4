"""People of known behaviour: the figures find it, and the intervals hold it as often as claimed."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from paper import answers, by_strength, fooled_at, paper_survey

from photochrom.errors import InputError, OptionError
from photochrom.statistics import wilson_interval
from photochrom.survey.design import SurveyDesign
from photochrom.survey.judgements import judge
from photochrom.survey.plot import draw_results
from photochrom.survey.results import survey_results
from photochrom.survey.tables import as_plain_values, write_pictures, write_votes
from photochrom.survey.votes import Vote

ATTENTIVE = {"real": 0.8, "random": 0.05, "a": 0.25, "b": 0.6}
SINGLE = paper_survey(SurveyDesign(trials=50, practice=4, catch_share=0.1))
PAIR = paper_survey(SurveyDesign(form="pair", trials=40, practice=4, catch_share=0.1))


def guesser(trial, rng):
    return fooled_at(dict.fromkeys(ATTENTIVE, 0.5))(trial, rng)


def results_of(survey, people, seed=0, **options):
    judged = judge(survey, answers(survey, people, np.random.default_rng(seed)))
    return judged, survey_results(survey, judged, **options)


@pytest.mark.parametrize("survey", [SINGLE, PAIR], ids=["single", "pair"])
def test_known_behaviour_comes_back(survey):
    judged, found = results_of(survey, [fooled_at(ATTENTIVE)] * 200, resamples=200)
    for model in "ab":
        assert found.models[model].wilson.value == pytest.approx(ATTENTIVE[model], abs=0.025)
        assert found.models[model].shown > 1500
    assert found.catch is not None
    assert found.catch.wilson.value == pytest.approx(0.95, abs=0.02)
    if survey is SINGLE:
        assert found.real is not None
        assert found.real.wilson.value == pytest.approx(0.8, abs=0.02)
        assert found.ranking == ()
    else:
        assert found.real is None
    (comparison,) = found.comparisons
    assert comparison.rates.difference.value == pytest.approx(0.25 - 0.6, abs=0.04)
    assert comparison.rates.p_value < 0.01
    assert found.seconds == 1.5
    assert len(judged.passed) + len(judged.inattentive) == 200


def test_a_rate_is_what_one_counts_by_hand():
    votes = answers(SINGLE, [fooled_at(ATTENTIVE)] * 3, np.random.default_rng(1))
    found = survey_results(SINGLE, judge(SINGLE, votes, catch_pass=0))
    shown = [v for v in votes if v.kind == "scored" and v.pictures[0].endswith("-a.png")]
    fooled = sum(vote.answer == "real" for vote in shown)
    assert (found.models["a"].happened, found.models["a"].shown) == (fooled, len(shown))
    assert found.models["a"].wilson == wilson_interval(fooled, len(shown))


def test_practice_and_catch_trials_are_not_in_the_rates():
    def person(trial, rng):
        return trial.versions[0] if trial.kind == "practice" else ""

    _, found = results_of(SINGLE, [person] * 4)
    assert {rate.happened for rate in found.models.values()} == {0}
    assert sum(rate.shown for rate in found.models.values()) == 4 * 20
    assert found.catch is not None
    assert (found.catch.happened, found.catch.shown) == (20, 20)


def test_whoever_guesses_is_left_out_and_told_of():
    people = [fooled_at(ATTENTIVE)] * 60 + [guesser] * 60
    judged, found = results_of(SINGLE, people, seed=2, resamples=200)
    kept = sum(who >= 60 for who in judged.passed)
    # 4 or 5 of 5 by chance: 6 of 32; attentive ones: 98 %
    assert kept / 60 == pytest.approx(6 / 32, abs=0.12)
    assert len(judged.passed) - kept >= 56
    assert all(one.vote.participant in judged.passed for one in judged.counted)
    loose = survey_results(SINGLE, judge(SINGLE, [o.vote for o in judged.everything], catch_pass=0))
    wanted = ATTENTIVE["a"]
    strict_error = abs(found.models["a"].wilson.value - wanted)
    assert strict_error < abs(loose.models["a"].wilson.value - wanted)


def test_who_met_no_catch_trial_yet_does_not_count():
    votes = answers(SINGLE, [fooled_at(ATTENTIVE)] * 2, np.random.default_rng(3))
    gone = [v for v in votes if v.participant == 1 and v.kind == "scored"]
    judged = judge(SINGLE, [v for v in votes if v.participant == 0] + gone)
    assert judged.unjudged == {1}
    assert {one.vote.participant for one in judged.counted} <= {0}


def test_without_catch_trials_everybody_counts():
    survey = paper_survey(SurveyDesign(trials=10, practice=0, catch_share=0))
    judged, found = results_of(survey, [guesser] * 5)
    assert judged.passed == set(range(5))
    assert found.catch is None


def test_one_participant_has_no_interval_over_people():
    _, found = results_of(SINGLE, [fooled_at({**ATTENTIVE, "random": 0})])
    assert found.models["a"].bootstrap is None
    assert found.comparisons == ()


def test_no_votes_are_no_figures():
    found = survey_results(SINGLE, judge(SINGLE, []))
    assert found.models == {}
    assert found.real is found.catch is found.agreement is found.seconds is None
    assert found.pictures == ()


def test_the_table_of_pictures_adds_up_to_the_rates():
    _, found = results_of(SINGLE, [fooled_at(ATTENTIVE)] * 30, seed=4)
    for model in "ab":
        rows = [one for one in found.pictures if one.version == model]
        assert sum(one.times for one in rows) == found.models[model].happened
        assert sum(one.shown for one in rows) == found.models[model].shown
        assert len({one.key for one in rows}) == len(rows) > 30


def test_a_picture_that_fools_everybody_leads_the_table_and_raises_agreement():
    def person(trial, rng):
        if trial.kind != "scored":
            return fooled_at({**ATTENTIVE, "random": 0})(trial, rng)
        return trial.versions[0] if trial.picture % 2 else ""

    _, same = results_of(SINGLE, [person] * 20)
    _, chance = results_of(SINGLE, [fooled_at(dict.fromkeys(ATTENTIVE, 0.5) | {"random": 0})] * 60)
    assert same.agreement == pytest.approx(1)
    assert chance.agreement == pytest.approx(0, abs=0.02)
    assert {one.times / one.shown for one in same.pictures} == {0, 1}


def test_strengths_of_pairs_come_back():
    survey = paper_survey(SurveyDesign(form="pair", trials=40, practice=0, against="both"))
    strengths = {"real": 0.0, "a": -1.2, "b": -0.3}
    _, found = results_of(survey, [by_strength(strengths)] * 150, seed=1, resamples=200)
    assert [one.name for one in found.ranking] == ["real", "b", "a"]
    for one in found.ranking:
        # three standard errors of 3,600 choices
        assert one.strength.value == pytest.approx(strengths[one.name], abs=0.13)
    # the same votes as fooling rates: odds against the real picture
    assert found.models["b"].wilson.value == pytest.approx(1 / (1 + np.exp(0.3)), abs=0.04)


def test_models_against_each_other_have_a_ranking_and_no_fooling_rate():
    survey = paper_survey(SurveyDesign(form="pair", trials=20, practice=0, against="models"))
    _, found = results_of(survey, [by_strength({"a": 1.0, "b": 0.0})] * 40, resamples=200)
    assert found.models == {}
    assert [one.name for one in found.ranking] == ["a", "b"]
    assert found.ranking[0].strength.value - found.ranking[1].strength.value == pytest.approx(
        1.0, abs=0.2
    )


COVERAGE = paper_survey(SurveyDesign(trials=16, practice=0, catch_share=0))
SURVEYS, PEOPLE = 300, 24


def coverage(people_of) -> dict[str, float]:
    """How often each interval holds the truth (rates 0.35 and 0.5) over simulated surveys."""
    held = {"wilson": 0, "bootstrap": 0, "difference": 0}
    for number in range(SURVEYS):
        rng = np.random.default_rng(5000 + number)
        judged = judge(COVERAGE, answers(COVERAGE, people_of(rng), rng))
        found = survey_results(COVERAGE, judged, resamples=150)
        rate, (comparison,) = found.models["a"], found.comparisons
        assert rate.bootstrap is not None
        held["wilson"] += rate.wilson.low <= 0.35 <= rate.wilson.high
        held["bootstrap"] += rate.bootstrap.low <= 0.35 <= rate.bootstrap.high
        difference = comparison.rates.difference
        held["difference"] += difference.low <= 0.35 - 0.5 <= difference.high
    return {name: count / SURVEYS for name, count in held.items()}


def test_coverage_of_all_intervals_where_people_are_alike():
    alike = [fooled_at({"real": 0.8, "a": 0.35, "b": 0.5})] * PEOPLE
    held = coverage(lambda rng: alike)
    # 95 %; three standard errors of 300 surveys are 3.8 points, and bootstrap intervals of 24
    # people are narrower by about 1.5 points
    assert held["wilson"] == pytest.approx(0.95, abs=0.038)
    assert held["bootstrap"] == pytest.approx(0.935, abs=0.045)
    assert held["difference"] == pytest.approx(0.935, abs=0.045)


def test_coverage_where_people_differ_is_the_bootstraps_alone():
    def people(rng):
        # fooled by everything, or by little: mean rates 0.35 and 0.5
        shifts = rng.choice([-0.3, 0.3], PEOPLE)
        return [fooled_at({"real": 0.8, "a": 0.35 + s, "b": 0.5 + s}) for s in shifts]

    held = coverage(people)
    assert held["bootstrap"] == pytest.approx(0.935, abs=0.045)
    assert held["difference"] == pytest.approx(0.935, abs=0.045)
    assert held["wilson"] < 0.85, "Wilson's takes the votes of one person for independent"


def test_every_vote_is_a_row_of_the_csv(tmp_path):
    judged, found = results_of(SINGLE, [fooled_at(ATTENTIVE)] * 3 + [guesser], seed=6)
    write_votes(SINGLE, judged, tmp_path / "votes.csv")
    with (tmp_path / "votes.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 4 * 54
    assert [(int(r["participant"]), int(r["trial"])) for r in rows] == sorted(
        (int(r["participant"]), int(r["trial"])) for r in rows
    )
    counted = [r for r in rows if r["counted"] == "1" and r["first"] == "a"]
    assert sum(r["taken_for_real"] == "a" for r in counted) == found.models["a"].happened
    write_pictures(found, tmp_path / "pictures.csv")
    assert len((tmp_path / "pictures.csv").read_text().splitlines()) == 1 + len(found.pictures)


@pytest.mark.parametrize("survey", [SINGLE, PAIR], ids=["single", "pair"])
def test_everything_fits_into_json_and_a_picture(survey, tmp_path):
    judged, found = results_of(survey, [fooled_at(ATTENTIVE)] * 8, resamples=50)
    plain = json.loads(json.dumps(as_plain_values(survey, judged, found)))
    assert plain["figures"]["models"]["a"]["wilson"]["value"] == found.models["a"].wilson.value
    assert plain["protocol"]["design"]["form"] == survey.design.form
    for name, start in (("rates.png", b"\x89PNG"), ("rates.svg", b"<?xml"), ("r.pdf", b"%PDF")):
        draw_results(survey, found, tmp_path / name)
        assert (tmp_path / name).read_bytes().startswith(start)


def test_no_votes_still_make_a_picture(tmp_path):
    draw_results(SINGLE, survey_results(SINGLE, judge(SINGLE, [])), tmp_path / "empty.png")
    assert (tmp_path / "empty.png").stat().st_size > 1000


@pytest.mark.parametrize("catch_pass", [-0.1, 1.1, float("nan")])
def test_error_for_a_share_that_is_none(catch_pass):
    with pytest.raises(OptionError, match="0 to 1"):
        judge(SINGLE, [], catch_pass=catch_pass)


@pytest.mark.parametrize("vote", [("other.png", "real"), ("20-a.png", "maybe")])
def test_error_for_votes_of_another_survey(vote):
    name, answer = vote
    with pytest.raises(InputError, match="participant 3 on trial 20"):
        judge(SINGLE, [Vote(3, 20, "scored", (name,), answer)])
