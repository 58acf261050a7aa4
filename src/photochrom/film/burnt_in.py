"""Time stamps and captions that were burnt into a film: lines of strokes that are not of the scene.

Two things give them away. Their strokes stay where they are while the scene moves or is cut. And in
a shot that never moves, digits change at one stroke and are still again, where things that move
change for several frames. A line of strokes is found as a whole from the part that gave it away,
and stays found, over cuts, for as long as there are strokes.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from photochrom.color import Array, FloatArray
from photochrom.film.flow import Motion, places, single_thread

STROKE = 14.0
"""L by which a stroke is lighter or darker than what lies around it."""

_WIDEST = 7  # pixels of the working size, odd: strokes are narrower
_CROSSING = 10.0  # L per pixel of change in every direction: no mere line
_SAME, _STEP = 8.0, 20.0  # L: a pixel that is the same; that changed at one stroke
_STIRRED, _NEAR = 5.0, 21  # L of change without grain; pixels around that it must keep away
_STILL = 5  # frames without change before and after such a step
_MOVED, _AT_REST = 2.5, 0.15  # pixels: of motion that tells; of motion that is none
_CAMERA = 0.5  # share of a frame that moves with the camera
_PROOF, _CUT_PROOF, _MOST = 3.0, 1.5, 5.0
_TICK = 4.0  # proof in a place that changed at one stroke
_CROWD = 0.2  # share of proven pixels around one
_SEEDS = 5  # proven pixels without which there is no line
_GAP, _LOWEST, _TALLEST, _NARROWEST = 9, 3, 24, 12  # pixels of a line: gaps, height, width
_DIGITS = 4  # width by height of what changes at once at most
_LONG = 2.0  # a line's width by its height
_MARGIN, _OUTSIDE, _DENSE = 3, 0.4, 0.15  # rows around a line; strokes there, by those in it; those
_TONE = 15.0  # L by which the strokes of one line differ at most
_VANISHED = 48  # frames without strokes after which a line is gone


class BurntIn:
    """Finds what is burnt into a film, frame by frame."""

    def __init__(self) -> None:
        self._state: dict[str, Array] = {}

    def see(
        self, luminance: FloatArray, motion: Motion | None, grid: tuple[int, int]
    ) -> FloatArray | None:
        """What of the next frame is burnt in.

        Args:
            luminance: (H, W) 0..100.
            motion: from the frame before; None at a cut.
            grid: (h, w) of the result.

        Returns:
            (h, w) 0..1, or None where nothing is.
        """
        import cv2

        with single_thread():
            strokes = _strokes(luminance)
            if not self._state:
                self._begin(luminance, strokes)
                return None
            self._compare(luminance, strokes, motion)
            self._watch_steps(luminance, strokes, motion)
            self._find_lines(luminance, strokes)
            lines = self._state["lines"] > 0
            if not lines.any():
                return None
            spread = cv2.dilate(lines.astype(np.float32), np.ones((3, 5), np.uint8))
            cells = cv2.resize(spread, (grid[1], grid[0]), interpolation=cv2.INTER_AREA)
            return np.asarray((2 * cells).clip(0, 1), np.float32)

    def state(self) -> dict[str, Array]:
        """All that is needed to go on."""
        return dict(self._state)

    def restore(self, state: Mapping[str, Array]) -> None:
        """Goes back to what `state` gave."""
        self._state = dict(state)

    def _begin(self, luminance: FloatArray, strokes: Array) -> None:
        shape = luminance.shape
        self._state = {
            "before": luminance, "compared": luminance, "compared_strokes": strokes,
            "shift": np.zeros((*shape, 2), np.float32), "proof": np.zeros(shape, np.float32),
        }  # fmt: skip
        for name in ("still", "quiet", "stepped", "lines"):
            self._state[name] = np.zeros(shape, np.uint8)

    def _compare(self, luminance: FloatArray, strokes: Array, motion: Motion | None) -> None:
        """Strokes that stayed while the scene moved on give proof; what changed takes it back."""
        state = self._state
        if motion is None:
            same = np.abs(luminance - state["before"]) < _SAME
            kept = strokes & state["compared_strokes"] & same
            proof = np.where(same, state["proof"] + _CUT_PROOF * kept, state["proof"] / 2)
            moved: Array = np.ones(luminance.shape, bool)
        else:
            shift = state["shift"] + _local_shift(motion, luminance.shape)
            moved = _squared(shift) > _MOVED**2
            if moved.mean() < _CAMERA:  # something moves past a camera that stands still
                moved = np.zeros_like(moved)
            shift[moved] = 0
            state["shift"] = shift
            same = np.abs(luminance - state["compared"]) < _SAME
            kept = strokes & state["compared_strokes"] & same
            proof = np.where(moved, np.where(kept, state["proof"] + 1, 0.5 * state["proof"]),
                             state["proof"])  # fmt: skip
        state["proof"] = proof.clip(0, _MOST).astype(np.float32)
        state["compared"] = np.where(moved, luminance, state["compared"])
        state["compared_strokes"] = np.where(moved, strokes, state["compared_strokes"])

    def _watch_steps(self, luminance: FloatArray, strokes: Array, motion: Motion | None) -> None:
        """Places that changed at one stroke between two still times, at rest, give proof."""
        import cv2

        state = self._state
        difference = luminance - state["before"]
        change = np.abs(difference)
        state["before"] = luminance
        if motion is None or not _at_rest(motion):
            for name in ("still", "quiet", "stepped"):
                state[name] = np.zeros_like(state[name])
            return
        # without its grain, a place is quiet while nothing near it changes: what moves comes near
        changed = (np.abs(cv2.blur(difference, (3, 3))) > _STIRRED).astype(np.uint8)
        stirred = cv2.dilate(changed, np.ones((_NEAR, _NEAR), np.uint8)) > 0
        waited = np.where(state["stepped"] > 0, state["stepped"] + 1, 0)
        waited = np.where(stirred, 0, waited)
        settled = waited > _STILL
        step = _small_changes(change) & (state["quiet"] >= _STILL)
        quiet = np.where(stirred, 0, state["quiet"] + (state["quiet"] < 255))
        state["quiet"] = quiet.astype(np.uint8)
        state["stepped"] = np.where(step, 1, np.where(settled, 0, waited)).astype(np.uint8)
        still = np.where(change > _SAME, 0, state["still"] + (state["still"] < 255))
        state["still"] = still.astype(np.uint8)
        near = cv2.dilate(strokes.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        state["proof"] = np.where(settled & near, _TICK, state["proof"]).astype(np.float32)

    def _find_lines(self, luminance: FloatArray, strokes: Array) -> None:
        """Whole lines of strokes around enough proof, and those found before."""
        import cv2

        lines = self._state["lines"]
        near = cv2.dilate(strokes.astype(np.uint8), np.ones((5, _GAP), np.uint8)) > 0
        lines = np.where(near & (lines > 0), _VANISHED, lines - (lines > 0)).astype(np.uint8)
        seeds = strokes & (self._state["proof"] >= _PROOF)
        constant = seeds | (self._state["still"] >= 2 * _STILL)
        seeds &= cv2.blur(seeds.astype(np.float32), (_WIDEST, 5)) > _CROWD
        if seeds.any():
            joined = cv2.morphologyEx(
                seeds.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, _GAP), np.uint8)
            )
            _, labels, boxes, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
            enough = np.bincount(labels[seeds], minlength=len(boxes))
            for label in np.flatnonzero(enough[1:] >= _SEEDS) + 1:
                left, top, width, height, _ = (int(number) for number in boxes[label])
                if height > _TALLEST:
                    continue
                tone = np.median(luminance[seeds & (labels == label)])
                same = constant & strokes & (np.abs(luminance - tone) < _TONE)
                line = _text_line(same, (left, top, left + width, top + height))
                if line is not None:
                    lines[line] = _VANISHED
        self._state["lines"] = lines


def _small_changes(change: FloatArray) -> Array:
    """(H, W) bool: what changed by a step, where no more changed around it than a few digits."""
    import cv2

    changed = cv2.dilate((change > _SAME).astype(np.uint8), np.ones((_GAP, _GAP), np.uint8))
    _, labels, boxes, _ = cv2.connectedComponentsWithStats(changed, connectivity=8)
    height = boxes[:, cv2.CC_STAT_HEIGHT] - (_GAP - 1)
    width = boxes[:, cv2.CC_STAT_WIDTH] - (_GAP - 1)
    small = (height <= _TALLEST) & (width <= _DIGITS * height)
    small[0] = False
    found: Array = small[labels] & (change > _STEP)
    return found


def _text_line(same: Array, box: tuple[int, int, int, int]) -> tuple[slice, slice] | None:
    """The line of writing that goes through a box (left, top, right, bottom), if there is one.

    Args:
        same: (H, W) bool: strokes of one tone that stay where they are.
        box: part of the line.
    """
    left, top, right, bottom = box
    glyphs = same[:, max(left - _GAP, 0) : right + _GAP].mean(1) > _DENSE / 2
    top, bottom = _extended(glyphs, top, bottom, gap=2)
    rows = slice(max(top - 1, 0), bottom + 1)
    first, last = _extended(same[rows].max(0), left, right)
    height, width = bottom - top, last - first
    tall = _LOWEST <= height <= _TALLEST
    if not tall or width < max(_NARROWEST, _LONG * height):
        return None
    strokes = same[rows, first:last]
    around = np.concatenate(
        [
            same[max(rows.start - _MARGIN, 0) : rows.start, first:last],
            same[rows.stop : rows.stop + _MARGIN, first:last],
        ]
    )
    alone = around.size == 0 or around.mean() < _OUTSIDE * strokes.mean()
    return (rows, slice(first, last)) if alone and strokes.mean() >= _DENSE else None


def _extended(filled: Array, first: int, last: int, *, gap: int = _GAP) -> tuple[int, int]:
    """A run from first to last, with all that follows on either side without a wide gap."""
    found = np.flatnonzero(filled)
    for place in found[found >= last]:
        if place - last >= gap:
            break
        last = int(place) + 1
    for place in found[found < first][::-1]:
        if first - place > gap:
            break
        first = int(place)
    return first, last


def _at_rest(motion: Motion) -> bool:
    """Whether the camera stands still."""
    moved = np.abs(motion.came_from - places(*motion.trust.shape)).max(-1)
    return float(np.median(moved)) < _AT_REST and motion.likeness > 0.9


def _strokes(luminance: FloatArray) -> Array:
    """(H, W) bool: narrow, lighter or darker than around, and not straight lines alone."""
    import cv2

    kernel = np.ones((_WIDEST, _WIDEST), np.uint8)
    light = luminance - cv2.morphologyEx(luminance, cv2.MORPH_OPEN, kernel)
    dark = cv2.morphologyEx(luminance, cv2.MORPH_CLOSE, kernel) - luminance
    x, y = (cv2.Sobel(luminance, cv2.CV_32F, dx, 1 - dx, scale=1 / 8) for dx in (1, 0))
    both = [cv2.blur(p, (_WIDEST, _WIDEST)) for p in (x * x, y * y, x * y)]
    # the smaller eigenvalue of the structure tensor: change in the direction of the least
    least = (both[0] + both[1]) / 2 - np.sqrt(((both[0] - both[1]) / 2) ** 2 + both[2] ** 2)
    found: Array = (np.maximum(light, dark) > STROKE) & (least > _CROSSING)
    return found


def _local_shift(motion: Motion, shape: tuple[int, ...]) -> FloatArray:
    """(H, W, 2) how far what lies around each pixel moved, in pixels."""
    import cv2

    grid = motion.trust.shape
    steps = np.array([shape[1] / grid[1], shape[0] / grid[0]], np.float32)
    moved = (motion.came_from - places(*grid)) * steps
    local = np.asarray(cv2.resize(cv2.blur(moved, (13, 13)), (shape[1], shape[0])), np.float32)
    # an even sky shows no motion of its own
    common = np.median(moved, axis=(0, 1)).astype(np.float32)
    slower = _squared(local) < _squared(common)
    return np.where(slower[..., None], common, local)


def _squared(shift: FloatArray) -> FloatArray:
    """The squared length of vectors (..., 2)."""
    length: FloatArray = shift[..., 0] ** 2 + shift[..., 1] ** 2
    return length
