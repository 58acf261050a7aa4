"""Who sees what, and in which order: the same for the same seed and participant, on any machine.

Balance, for K models (or pairs of versions): participants come in blocks of K. Those of one block
see the same pictures, the same of them real; the others are a Latin square of K models, so that
each block has seen every synthesized picture once from every model. From block to block the
choice of real pictures moves on by one, so that each picture is real as often as any other. A
participant meets every picture once at most, in one version or, in pairs, one pair of versions.
Orders and sides are shuffled by SHA-256 of seed, participant and picture, which no version of any
library changes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from photochrom.survey.design import RANDOM, REAL, SurveyDesign

Kind = Literal["practice", "catch", "scored"]


@dataclass(frozen=True)
class Trial:
    """One question to one participant.

    Attributes:
        number: place in the participant's order, 0 for the first practice trial.
        kind: "practice", "catch" or "scored".
        picture: index of the picture in the survey's list.
        versions: what is shown of it, left to right: models' names, "real" or "random".
    """

    number: int
    kind: Kind
    picture: int
    versions: tuple[str, ...]


@dataclass(frozen=True)
class _Shown:
    """A picture and the versions of it that stand side by side, their sides still open."""

    kind: Kind
    picture: int
    versions: tuple[str, ...]


def participant_trials(
    design: SurveyDesign, models: Sequence[str], participant: int
) -> tuple[Trial, ...]:
    """Everything one participant is asked, in order; practice first.

    Args:
        design: the survey.
        models: names of its models.
        participant: 0 for the first to come, and so on.
    """
    practice = [
        _Shown("practice", picture, versions)
        for picture, versions in practice_versions(design, models).items()
    ]
    catch = [_Shown("catch", picture, catch_versions(design)) for picture in catch_pictures(design)]
    counting = [*catch, *_scored(design, models, participant)]
    seed = f"{design.seed}/{participant}"
    ordered = [*_shuffled(practice, seed), *_shuffled(counting, seed)]
    swapped = _swapped(ordered, seed) if design.form == "pair" else set()
    return tuple(
        Trial(
            number, shown.kind, shown.picture,
            shown.versions[::-1] if shown.picture in swapped else shown.versions,
        )
        for number, shown in enumerate(ordered)
    )  # fmt: skip


def practice_pictures(design: SurveyDesign) -> range:
    """Indices of the pictures of the practice trials: the first of the survey's list."""
    return range(design.practice)


def catch_pictures(design: SurveyDesign) -> range:
    """Indices of the pictures of the catch trials: those behind the practice's."""
    return range(design.practice, design.practice + design.catch)


def practice_versions(design: SurveyDesign, models: Sequence[str]) -> dict[int, tuple[str, ...]]:
    """What the practice trials show of each of their pictures: the same for every participant."""
    if design.form == "pair":
        return {i: (REAL, models[i % len(models)]) for i in practice_pictures(design)}
    return {
        i: (REAL,) if i % 2 == 0 else (models[i // 2 % len(models)],)
        for i in practice_pictures(design)
    }


def catch_versions(design: SurveyDesign) -> tuple[str, ...]:
    """What a catch trial shows: random colours, in pairs beside the real picture."""
    return (RANDOM,) if design.form == "single" else (REAL, RANDOM)


def shuffle_key(seed: str, item: str) -> str:
    """What to sort by for an order that is random and yet the same everywhere and for ever."""
    return hashlib.sha256(f"{seed}/{item}".encode()).hexdigest()


def _scored(design: SurveyDesign, models: Sequence[str], participant: int) -> list[_Shown]:
    matchups = design.matchups(models)
    block, place = divmod(participant, len(matchups))
    shift, which_set = divmod(block, design.sets)
    first = design.practice + design.catch + which_set * design.scored
    shown = []
    for position in range(design.scored):
        slot = (position + shift) % design.scored
        if _is_real(design, slot):
            versions: tuple[str, ...] = (REAL,)
        else:
            synthesized = slot - _real_before(design, slot)
            versions = matchups[(synthesized + place) % len(matchups)]
        shown.append(_Shown("scored", first + position, versions))
    return shown


def _real_before(design: SurveyDesign, slot: int) -> int:
    """How many of the slots below this one are real: spread as evenly as whole numbers allow."""
    return slot * design.real // design.scored


def _is_real(design: SurveyDesign, slot: int) -> bool:
    return _real_before(design, slot + 1) > _real_before(design, slot)


def _shuffled(shown: Sequence[_Shown], seed: str) -> list[_Shown]:
    return sorted(shown, key=lambda one: shuffle_key(seed, f"order/{one.picture}"))


def _swapped(shown: Sequence[_Shown], seed: str) -> set[int]:
    """Pictures whose sides change places: every second one of each kind and pair of versions."""
    groups: dict[tuple[Kind, tuple[str, ...]], list[int]] = {}
    for one in shown:
        groups.setdefault((one.kind, one.versions), []).append(one.picture)
    swapped = set()
    start = int(shuffle_key(seed, "side"), 16)
    for number, (_, pictures) in enumerate(sorted(groups.items()), start):
        pictures.sort(key=lambda picture: shuffle_key(seed, f"side/{picture}"))
        # groups begin on different sides in turn, so that the surplus of odd ones evens out
        swapped.update(pictures[number % 2 :: 2])
    return swapped
