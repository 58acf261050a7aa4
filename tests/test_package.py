import subprocess
import sys

import pytest

import photochrom

HEAVY = ("torch", "onnxruntime", "pyvips", "PIL", "lightning_fabric", "torchvision", "timm")


def test_the_public_names_are_these():
    assert photochrom.__all__ == [
        "ColorizeOptions",
        "ColorizeResult",
        "Colorizer",
        "GreyResultWarning",
        "Hint",
        "HueGuard",
        "InputError",
        "ModelError",
        "OptionError",
        "OutputError",
        "PhotoWarning",
        "PhotochromError",
        "WriteOptions",
        "__version__",
        "colorize",
        "list_models",
    ]
    assert all(getattr(photochrom, name) is not None for name in photochrom.__all__)


def test_a_wrong_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="colourize"):
        photochrom.colourize  # noqa: B018


def test_importing_the_package_loads_nothing_heavy():
    code = f"import sys, photochrom; print([m for m in {HEAVY} if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_using_a_model_needs_no_torch():
    code = (
        "import sys, photochrom.colorizer, photochrom.metrics, photochrom.palette;"
        "print('torch' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"
