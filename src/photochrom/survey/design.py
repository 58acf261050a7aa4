"""What a survey asks: its form, how many trials of which kind, and how it is told to people.

Two forms. `single` shows one picture at a time, half of them real, as long as one likes: "real or
synthesized?". `pair` shows two versions of one photograph side by side for a second, and leaves
unlimited time to say which is the real one (Zhang, Isola and Efros 2016, section 3.1).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from photochrom.errors import OptionError

Form = Literal["single", "pair"]
Against = Literal["real", "models", "both"]

REAL, RANDOM = "real", "random"
"""Versions of a picture that are no model's: the truth, and the truth's L in random colours."""

SINGLE_ANSWERS = ("real", "synthesized")
PAIR_ANSWERS = ("first", "second")

PAIR_SECONDS = 1.0
"""How long a pair is shown in the published protocol."""

CONSENT = (
    "Taking part is voluntary, and you can stop at any time. No personal data is kept: only your "
    "answers, how long each took, and a random number that tells your answers from others'."
)
TITLE = "Real or synthesized colours?"


@dataclass(frozen=True)
class SurveyDesign:
    """How a survey is made.

    Attributes:
        form: "single" or "pair".
        trials: of each participant after the practice, catch trials included.
        practice: trials before them, each with the right answer told; not counted.
        catch_share: share of `trials`, 0..0.4, that show random colours to see who pays attention.
        against: in pairs, what a model's result stands beside: the real picture, another model's
            result, or both in turn.
        sets: how many sets of pictures there are; each participant sees one of them.
        seed: decides which pictures are chosen, and every participant's order.
        seconds: how long pictures are shown; None means until the answer (`single`), or the
            published second (`pair`).
        size: short side of the pictures in pixels.
        title: what the page is called.
        consent: what participants agree to.
    """

    form: Form = "single"
    trials: int = 50
    practice: int = 10
    catch_share: float = 0.1
    against: Against = "real"
    sets: int = 1
    seed: int = 0
    seconds: float | None = None
    size: int = 256
    title: str = TITLE
    consent: str = CONSENT

    def __post_init__(self) -> None:
        for name, allowed in (
            ("form", ("single", "pair")),
            ("against", ("real", "models", "both")),
        ):
            if getattr(self, name) not in allowed:
                raise OptionError(f"{name} is {getattr(self, name)!r}; {' or '.join(allowed)}")
        ranges: tuple[tuple[str, float, float, float], ...] = (
            ("trials", self.trials, 2, 1000), ("practice", self.practice, 0, 100),
            ("catch", self.catch_share, 0, 0.4), ("sets", self.sets, 1, 1000),
            ("seconds", 1 if self.seconds is None else self.seconds, 0.01, 60),
            ("size", self.size, 32, 2048),
        )  # fmt: skip
        for name, value, low, high in ranges:
            if not low <= value <= high:
                raise OptionError(f"{name} is {value}; it must lie in {low} to {high}")
        if self.form == "single" and self.trials % 2:
            raise OptionError(f"trials is {self.trials}; half are real, so it must be even")
        if self.scored <= self.real:
            raise OptionError(
                f"{self.trials} trials with {self.catch} catch trials leave none for the models; "
                "more trials or a smaller share of catch trials would work"
            )
        if self.form == "single" and self.against != "real":
            raise OptionError("only pairs can set models against each other; use the form 'pair'")
        if not self.title.strip() or not self.consent.strip():
            raise OptionError("title and consent must say something")

    @property
    def shown_seconds(self) -> float | None:
        """How long pictures are shown; None until the answer."""
        if self.seconds is None and self.form == "pair":
            return PAIR_SECONDS
        return self.seconds

    @property
    def catch(self) -> int:
        """Catch trials of each participant."""
        return math.floor(self.trials * self.catch_share + 0.5)

    @property
    def scored(self) -> int:
        """Trials of each participant that count."""
        return self.trials - self.catch

    @property
    def real(self) -> int:
        """Trials of each participant that show the real picture alone: half of all, or none."""
        return self.trials // 2 if self.form == "single" else 0

    @property
    def pictures(self) -> int:
        """How many different pictures the survey needs."""
        return self.sets * self.scored + self.catch + self.practice

    @property
    def answers(self) -> tuple[str, str]:
        """The two possible answers: the picture is real or not, the first or second was chosen."""
        return SINGLE_ANSWERS if self.form == "single" else PAIR_ANSWERS

    @property
    def question(self) -> str:
        """What is asked in every trial."""
        if self.form == "single":
            return "Are these the real colours?"
        if self.against == "real":
            return "Which one is the real photograph?"
        return "Which one looks more like the real photograph?"

    def matchups(self, models: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        """What the trials that count show of a model: versions that stand side by side.

        Args:
            models: names of the models.

        Returns:
            One entry for each thing to be balanced: (model,) or, in pairs, two versions.

        Raises:
            OptionError: too few models for it.
        """
        if self.form == "single":
            return tuple((model,) for model in models)
        with_real = tuple((REAL, model) for model in models)
        among = tuple(combinations(models, 2))
        if self.against != "real" and not among:
            raise OptionError("models against each other take two or more; one is named")
        return {"real": with_real, "models": among, "both": with_real + among}[self.against]
