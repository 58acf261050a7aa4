"""Times as people write them."""

from __future__ import annotations

import re

from photochrom.errors import OptionError


def parse_time(name: str, text: str | None) -> float | None:
    """Seconds of a time like 90, 90s, 2m, 1:30 or 0:01:30.5; None stays None.

    Raises:
        OptionError: none of these.
    """
    if text is None:
        return None
    units = {"": 1, "s": 1, "m": 60, "min": 60, "h": 3600}
    if plain := re.fullmatch(r"(\d+(?:\.\d+)?) ?(s|m|min|h|)", text.strip().lower()):
        return float(plain[1]) * units[plain[2]]
    if clock := re.fullmatch(r"(?:(\d+):)?(\d+):(\d{1,2}(?:\.\d+)?)", text.strip()):
        return int(clock[1] or 0) * 3600 + int(clock[2]) * 60 + float(clock[3])
    raise OptionError(f"{name} is {text!r}; write a time as 90s, 1:30 or 0:01:30.5")


def clock(seconds: float) -> str:
    """Hours, minutes, seconds and hundredths: as `parse_time` reads them."""
    whole, hundredths = divmod(round(100 * seconds), 100)
    return f"{duration(whole)}.{hundredths:02}"


def duration(seconds: float) -> str:
    """Hours, minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"
