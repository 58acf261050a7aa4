"""Votes with what they were about, and whose of them count."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from photochrom.errors import InputError, OptionError
from photochrom.survey.design import RANDOM, REAL
from photochrom.survey.folder import Survey
from photochrom.survey.votes import Vote

CATCH_PASS = 0.75
"""Share of the catch trials to be answered right. Of 5 trials that means 4: whoever guesses gets
there one time in five, whoever is right nine times in ten gets there nine times in ten (people who
were paid recognised random colours 87 % of the time, Zhang et al. 2016)."""


@dataclass(frozen=True)
class Judgement:
    """A vote with what it was about.

    Attributes:
        vote: as it was recorded.
        picture: index of the picture in the survey.
        versions: what was shown of it, left to right.
        chosen: the version taken for the real picture; None where a single one was not.
    """

    vote: Vote
    picture: int
    versions: tuple[str, ...]
    chosen: str | None

    @property
    def model(self) -> str | None:
        """The model whose fooling rate it belongs to; None for real alone, or two models."""
        models = [version for version in self.versions if version not in (REAL, RANDOM)]
        return models[0] if len(models) == 1 else None

    @property
    def is_right(self) -> bool:
        """Whether the real picture was told from the others, or no other taken for it."""
        return self.chosen == (REAL if REAL in self.versions else None)


@dataclass(frozen=True)
class JudgedVotes:
    """All votes of a survey, sorted.

    Attributes:
        counted: those that go into the figures: of trials that count, by people who passed.
        others: practice and catch trials, and all of the people who did not pass.
        catch: the catch trials, by everybody.
        passed: participants whose votes count.
        inattentive: participants who failed the catch trials.
        unjudged: participants who have not answered a catch trial, in a survey that has some.
        catch_pass: the least share of catch trials right.
    """

    counted: tuple[Judgement, ...]
    others: tuple[Judgement, ...]
    catch: tuple[Judgement, ...]
    passed: frozenset[int]
    inattentive: frozenset[int]
    unjudged: frozenset[int]
    catch_pass: float

    @property
    def everything(self) -> list[Judgement]:
        """Every vote, by participant and trial."""
        return sorted(
            (*self.counted, *self.others), key=lambda one: (one.vote.participant, one.vote.trial)
        )


def judge(survey: Survey, votes: Iterable[Vote], *, catch_pass: float = CATCH_PASS) -> JudgedVotes:
    """Sorts the votes by whether they count.

    Args:
        survey: what was asked.
        votes: what was answered.
        catch_pass: leave out who answers a smaller share of catch trials right, 0..1.

    Raises:
        OptionError: `catch_pass` lies outside 0..1.
        InputError: votes that belong to another survey.
    """
    if not 0 <= catch_pass <= 1:
        raise OptionError(f"catch-pass is {catch_pass}; it must lie in 0 to 1")
    everything = [_judgement(survey, vote) for vote in votes]
    catch = [one for one in everything if one.vote.kind == "catch"]
    came = frozenset(one.vote.participant for one in everything)
    met = frozenset(one.vote.participant for one in catch) if survey.design.catch else came
    right: dict[int, list[bool]] = {who: [] for who in met}
    for one in catch:
        right[one.vote.participant].append(one.is_right)
    passed = frozenset(
        who for who, answers in right.items() if sum(answers) >= catch_pass * len(answers)
    )
    counts = [one.vote.kind == "scored" and one.vote.participant in passed for one in everything]
    return JudgedVotes(
        counted=tuple(one for one, yes in zip(everything, counts, strict=True) if yes),
        others=tuple(one for one, yes in zip(everything, counts, strict=True) if not yes),
        catch=tuple(catch),
        passed=passed,
        inattentive=met - passed,
        unjudged=came - met,
        catch_pass=catch_pass,
    )


def _judgement(survey: Survey, vote: Vote) -> Judgement:
    try:
        shown = [survey.shown[name] for name in vote.pictures]
        place = survey.design.answers.index(vote.answer)
    except (KeyError, ValueError) as error:
        raise InputError(
            f"{survey.votes_path}: the vote of participant {vote.participant} on trial "
            f"{vote.trial} does not belong to this survey ({error}); put back its own votes"
        ) from error
    versions = tuple(version for _, version in shown)
    if survey.design.form == "single":
        chosen = versions[0] if place == 0 else None
    else:
        chosen = versions[place]
    return Judgement(vote, shown[0][0], versions, chosen)
