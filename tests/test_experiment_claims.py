"""Verdicts on published claims follow from the results by the stated rules."""

from __future__ import annotations

import pytest
from small_experiments import made_result

from experiment_claims import (  # isort: skip
    CONFIRMED, CONTRADICTED, OPEN, default_model_wins, judge_claim, judge_rule,
)  # fmt: skip
from experiment_table import Claim, Compare, Falls, TimeRatio


def compare(kind: str = "larger", **changes: object) -> Compare:
    return Compare(**{
        "kind": kind, "figure": "colourfulness", "more": "one", "less": "two", **changes,
    })  # fmt: skip


def results(one: float, two: float, **changes: object) -> dict:
    return {
        "one": made_result("one", colourfulness=one),
        "two": made_result("two", colourfulness=two, **changes),
    }


@pytest.mark.parametrize(
    ("one", "two", "verdict"),
    [(30.0, 20.0, CONFIRMED), (20.0, 30.0, CONTRADICTED), (20.0, 20.0, OPEN)],
)
def test_larger_is_decided_by_the_side_of_zero_on_which_the_interval_lies(one, two, verdict):
    found = judge_rule(compare(), results(one, two))
    assert found.verdict == verdict
    assert f"{one:.1f} against {two:.1f}" in found.sentence.replace("-", "")


@pytest.mark.parametrize(
    ("one", "two", "alike", "not_smaller"),
    [
        (20.5, 20.0, CONFIRMED, CONFIRMED),  # 2.5 % apart
        (22.0, 20.0, CONTRADICTED, CONFIRMED),
        (19.5, 20.0, CONFIRMED, CONFIRMED),
        (18.0, 20.0, CONTRADICTED, CONTRADICTED),
    ],
)
def test_alike_and_not_smaller_allow_a_twentieth(one, two, alike, not_smaller):
    assert judge_rule(compare("alike"), results(one, two)).verdict == alike
    assert judge_rule(compare("not_smaller"), results(one, two)).verdict == not_smaller


def test_differences_count_picture_by_picture():
    # each picture's value is far from the next one's, and yet always 1 more than its mate's
    both = results(20, 20)
    both["one"]["pictures"]["row"]["colourfulness"] = [10.0 * i + 1 for i in range(40)]
    both["two"]["pictures"]["row"]["colourfulness"] = [10.0 * i for i in range(40)]
    assert judge_rule(compare(), both).verdict == CONFIRMED


def test_pictures_of_which_one_side_knows_nothing_are_left_out():
    both = results(30, 20)
    both["one"]["pictures"]["row"]["colourfulness"][0] = None
    assert judge_rule(compare(), both).verdict == CONFIRMED
    both["two"]["pictures"]["row"]["colourfulness"] = [None] * 40
    assert judge_rule(compare(), both).verdict == OPEN


def test_nothing_follows_from_other_pictures_or_budgets():
    assert "other pictures" in judge_rule(compare(), results(30, 20, sha256="other")).sentence
    found = judge_rule(compare(), results(30, 20, budget="full"))
    assert found.verdict == OPEN and "budgets" in found.sentence


def test_a_row_can_be_compared_with_grey():
    rule = compare(figure="ciede2000", more="one/grey", less="one")
    row = {"one": made_result("one", ciede2000=9.0)}
    assert judge_rule(rule, row).verdict == CONFIRMED  # grey is 12 off
    assert default_model_wins(row["one"]).verdict == CONFIRMED  # the default model 8
    assert default_model_wins(made_result("one", ciede2000=7.0)).verdict == CONTRADICTED


def test_times_are_compared_where_they_were_taken_alike():
    rule = TimeRatio(kind="slower", more="one", less="two", at_least=3)
    both = results(1, 1)
    assert judge_rule(rule, both).verdict == CONTRADICTED
    both["one"]["training"]["seconds_per_picture"] = 1.75
    found = judge_rule(rule, both)
    assert found.verdict == CONFIRMED and "3.5 times" in found.sentence
    both["two"]["machine"] = {"cores": 64}
    assert judge_rule(rule, both).verdict == OPEN


def test_a_history_falls_if_its_second_half_does():
    rule = Falls(kind="falls", row="one")
    result = made_result("one")
    assert judge_rule(rule, {"one": result}).verdict == CONFIRMED
    result["history"][1]["ciede2000"] = 9.5
    assert judge_rule(rule, {"one": result}).verdict == CONTRADICTED
    del result["history"][1]
    assert judge_rule(rule, {"one": result}).verdict == OPEN


def test_a_claim_needs_all_of_its_rules_and_falls_with_one():
    holds, fails = compare(), compare(figure="ciede2000")
    both = {
        "one": made_result("one", colourfulness=30, ciede2000=8),
        "two": made_result("two", colourfulness=20, ciede2000=9),
    }
    claim = Claim(system="S1", text="x", rules=[holds])
    assert judge_claim(claim, both).verdict == CONFIRMED
    assert judge_claim(claim, both).sentence.endswith("(shortened runs).")
    both["two"]["recipe"]["precision"] = "bf16-mixed"
    assert judge_claim(claim, both).sentence.endswith("(shortened runs, 32-true and bf16-mixed).")
    claim = Claim(system="S1", text="x", rules=[holds, fails])
    assert judge_claim(claim, both).verdict == CONTRADICTED
    assert judge_claim(claim, {"one": both["one"]}) == (OPEN, "not run yet (two).")
