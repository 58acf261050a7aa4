"""Every error this package raises, in one tree.

::

    PhotochromError
    ├── InputError              a picture or folder that cannot be used as it is
    │   ├── UnreadableError     not a picture, cut short, or damaged
    │   └── TooLargeError       more pixels than the stated limit
    ├── OutputError             the result cannot be written there
    ├── OptionError             a value outside its range (also a ValueError)
    ├── ModelError              no such model, or a file that is not one
    ├── RecipeError             an unknown key or a wrong value in a training recipe
    ├── DataError               training data that cannot be trained on
    ├── CheckpointError         a checkpoint that does not fit what is being trained
    ├── TrainingError           training that cannot go on (not-a-number, for one)
    └── MissingDependencyError  an extra that is not installed (also an ImportError)

Each message is one line: what was wrong, with which file or value, and what would work.
"""


class PhotochromError(Exception):
    """Base of every error raised on purpose by this package."""


class InputError(PhotochromError):
    """A picture or folder that cannot be used as it is."""


class UnreadableError(InputError):
    """A file that is not a picture, is cut short, or is damaged."""


class TooLargeError(InputError):
    """A picture with more pixels than the stated limit."""


class OutputError(PhotochromError):
    """A result that cannot be written where it was asked to go."""


class OptionError(PhotochromError, ValueError):
    """A value outside its range; the message names the range."""


class ModelError(PhotochromError):
    """No such model, or a file that is not one of ours."""


class RecipeError(PhotochromError):
    """An unknown key or a wrong value in a training recipe."""


class DataError(PhotochromError):
    """Training data that cannot be trained on."""


class CheckpointError(PhotochromError):
    """A checkpoint that does not fit what is being trained."""


class TrainingError(PhotochromError):
    """Training that cannot go on."""


class MissingDependencyError(PhotochromError, ImportError):
    """An optional part that is not installed; the message gives the install line."""


class GreyResultWarning(UserWarning):
    """The result has hardly any colour: it should not be taken for a colorized picture."""


class PhotoWarning(UserWarning):
    """Something about a picture that its owner should know (further pages left out, for one)."""
