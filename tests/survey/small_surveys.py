"""The designs of the surveys that tests really make, and what hands out copies of them."""

from __future__ import annotations

from collections.abc import Callable

from photochrom.survey.design import SurveyDesign
from photochrom.survey.folder import Survey

SINGLE = SurveyDesign(trials=8, practice=2, catch_share=0.1, size=32, title="Single")
PAIR = SurveyDesign(
    form="pair", trials=8, practice=2, catch_share=0.1, against="both", size=32, seconds=0.05,
    title="Pairs",
)  # fmt: skip

Copied = Callable[[str], Survey]
"""From the name of a survey, "single" or "pair", to a copy of it without votes."""
