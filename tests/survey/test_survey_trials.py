"""Who sees what: balance, no picture twice, half real, the asked share of catch trials."""

from __future__ import annotations

import hashlib
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photochrom.errors import OptionError
from photochrom.survey.design import SurveyDesign
from photochrom.survey.trials import participant_trials

SINGLE = SurveyDesign(trials=50, practice=10, catch_share=0.1)
PAIR = SurveyDesign(form="pair", trials=40, practice=10, catch_share=0.1)
MODELS = ("a", "b", "c")

designs = st.builds(
    SurveyDesign,
    form=st.just("single"),
    trials=st.integers(4, 30).map(lambda half: 2 * half),
    practice=st.integers(0, 12),
    catch_share=st.sampled_from([0.0, 0.05, 0.1, 0.2]),
    sets=st.integers(1, 3),
    seed=st.integers(0, 99),
) | st.builds(
    SurveyDesign,
    form=st.just("pair"),
    trials=st.integers(4, 60),
    practice=st.integers(0, 12),
    catch_share=st.sampled_from([0.0, 0.1, 0.3]),
    against=st.sampled_from(["real", "models", "both"]),
    sets=st.integers(1, 3),
    seed=st.integers(0, 99),
)


@settings(max_examples=60, deadline=None)
@given(designs, st.integers(2, 4), st.integers(0, 500))
def test_property_every_participant_has_what_the_design_says(design, models, participant):
    trials = participant_trials(design, "abcd"[:models], participant)
    assert [trial.number for trial in trials] == list(range(design.practice + design.trials))
    kinds = [trial.kind for trial in trials]
    assert kinds[: design.practice] == ["practice"] * design.practice
    assert kinds.count("catch") == design.catch
    assert kinds.count("scored") == design.scored
    pictures = [trial.picture for trial in trials]
    assert len(set(pictures)) == len(pictures), "a picture came twice"
    assert set(pictures) <= set(range(design.pictures))
    for trial in trials:
        assert ("random" in trial.versions) == (trial.kind == "catch")
        assert len(trial.versions) == (1 if design.form == "single" else 2)


@settings(max_examples=40, deadline=None)
@given(designs, st.integers(2, 4), st.integers(0, 500))
def test_property_no_model_is_favoured_within_a_participant(design, models, participant):
    names = tuple("abcd"[:models])
    trials = participant_trials(design, names, participant)
    shown = Counter(
        tuple(sorted(trial.versions))
        for trial in trials
        if trial.kind == "scored" and trial.versions != ("real",)
    )
    expected = [tuple(sorted(versions)) for versions in design.matchups(names)]
    counts = [shown[versions] for versions in expected]
    assert sum(counts) == sum(shown.values())
    assert max(counts) - min(counts) <= 1


def test_half_of_the_single_pictures_are_real_and_a_tenth_random():
    for participant in range(60):
        trials = participant_trials(SINGLE, MODELS, participant)[SINGLE.practice :]
        shown = Counter(trial.versions[0] for trial in trials)
        assert shown["real"] == 25
        assert shown["random"] == 5
        assert sorted(shown[model] for model in MODELS) == [6, 7, 7]


def test_half_of_the_single_practice_is_real():
    shown = Counter(
        trial.versions[0] for trial in participant_trials(SINGLE, MODELS, 0)[: SINGLE.practice]
    )
    assert shown["real"] == 5
    assert sum(shown[model] for model in MODELS) == 5


@pytest.mark.parametrize("design", [SINGLE, PAIR], ids=["single", "pair"])
def test_a_block_of_participants_is_a_latin_square_of_models(design):
    for block in range(12):
        seen = Counter()
        for place in range(len(MODELS)):
            for trial in participant_trials(design, MODELS, block * len(MODELS) + place):
                if trial.kind == "scored":
                    seen[trial.picture, tuple(sorted(trial.versions))] += 1
        synthesized = {picture for picture, versions in seen if versions != ("real",)}
        for picture in synthesized:
            counts = [
                seen[picture, tuple(sorted(versions))] for versions in design.matchups(MODELS)
            ]
            assert counts == [1] * len(MODELS)
            assert seen[picture, ("real",)] == 0


def test_each_picture_is_real_as_often_as_any_other():
    real = Counter()
    blocks = SINGLE.scored
    for block in range(blocks):
        trials = participant_trials(SINGLE, MODELS, block * len(MODELS))
        real.update(trial.picture for trial in trials if trial.versions == ("real",))
        scored = [real[trial.picture] for trial in trials if trial.kind == "scored"]
        assert max(scored) - min(scored) <= 1, "not even after every block"
    assert {real[trial.picture] for trial in trials if trial.kind == "scored"} == {25}


def test_the_real_picture_is_left_as_often_as_right():
    for participant in range(40):
        trials = participant_trials(PAIR, MODELS, participant)
        for kind in ("practice", "catch", "scored"):
            left = [trial.versions[0] == "real" for trial in trials if trial.kind == kind]
            # each model's pairs are halved by themselves: at most one over for each of three
            assert abs(2 * sum(left) - len(left)) <= 3
        everywhere = [trial.versions[0] == "real" for trial in trials]
        assert abs(2 * sum(everywhere) - len(everywhere)) <= 4
    left = right = 0
    for participant in range(300):
        for trial in participant_trials(PAIR, MODELS, participant):
            left += trial.versions[0] == "real"
            right += trial.versions[1] == "real"
    assert left / (left + right) == pytest.approx(0.5, abs=0.01)


def test_catch_trials_come_anywhere_after_the_practice():
    places = Counter()
    for participant in range(400):
        for trial in participant_trials(SINGLE, MODELS, participant):
            if trial.kind == "catch":
                places[trial.number] += 1
    assert set(places) == set(range(10, 60))
    assert max(places.values()) < 3 * min(places.values())


def test_several_sets_are_spread_over_participants():
    design = SurveyDesign(trials=20, practice=2, catch_share=0.1, sets=3)
    used = [
        {t.picture for t in participant_trials(design, MODELS, p) if t.kind == "scored"}
        for p in range(18)
    ]
    assert used[0] == used[1] == used[2] == used[9]
    assert len(used[0] | used[3] | used[6]) == 3 * design.scored
    others = [
        {t.picture for t in participant_trials(design, MODELS, p) if t.kind != "scored"}
        for p in (0, 3)
    ]
    assert others[0] == others[1]


def test_determinism_by_seed_and_participant():
    assert participant_trials(SINGLE, MODELS, 7) == participant_trials(SINGLE, MODELS, 7)
    orders = {participant_trials(SINGLE, MODELS, participant) for participant in range(50)}
    assert len(orders) == 50
    other = SurveyDesign(trials=50, practice=10, catch_share=0.1, seed=1)
    assert participant_trials(other, MODELS, 7) != participant_trials(SINGLE, MODELS, 7)


def test_the_orders_are_those_of_the_first_release():
    # surveys that run have votes by these orders: they must never change
    def fingerprint(design):
        orders = [participant_trials(design, MODELS, participant) for participant in range(7)]
        told = [(t.kind, t.picture, t.versions) for order in orders for t in order]
        return hashlib.sha256(repr(told).encode()).hexdigest()[:16]

    assert (fingerprint(SINGLE), fingerprint(PAIR)) == ("bb24ef5f38e639c3", "ca2f8d1b3d6a24a6")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"trials": 51}, "must be even"),
        ({"trials": 1}, "trials is 1"),
        ({"form": "triple"}, "single or pair"),
        ({"catch_share": 0.5}, "catch is 0.5"),
        ({"catch_share": float("nan")}, "catch is nan"),
        ({"trials": 2, "catch_share": 0.4}, "leave none for the models"),
        ({"against": "models"}, "only pairs"),
        ({"practice": -1}, "practice is -1"),
        ({"seconds": 0.0}, "seconds is 0"),
        ({"sets": 0}, "sets is 0"),
        ({"size": 8}, "size is 8"),
        ({"title": " "}, "title"),
    ],
)
def test_error_says_what_would_work(options, message):
    with pytest.raises(OptionError, match=message):
        SurveyDesign(**options)


def test_error_for_models_against_each_other_with_one_model():
    design = SurveyDesign(form="pair", against="models")
    with pytest.raises(OptionError, match="two or more"):
        design.matchups(("a",))


def test_the_published_pair_form_is_40_trials_with_4_that_catch_shown_for_a_second():
    assert (PAIR.scored, PAIR.catch, PAIR.practice, PAIR.shown_seconds) == (36, 4, 10, 1.0)
