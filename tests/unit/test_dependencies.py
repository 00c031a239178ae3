"""What is installed is what was tested, hash by hash, and may be passed on."""

import re
import tomllib
from importlib.metadata import requires

import pytest
from packaging.requirements import Requirement

from tests.conftest import ROOT
from tools.dependencies import IMAGE_EXTRAS, closure, forbidding, learning, licence, licences, pinned, project

CUDA = re.compile(r"nvidia|cuda|triton")


def test_every_dependency_is_pinned() -> None:
    required = project()
    needed = closure([*required[""], *required["build"], *required["dev"]])
    assert needed <= set(pinned("constraints.txt"))


def test_the_lock_holds_what_the_image_needs_and_nothing_else() -> None:
    required = project()
    needed = closure([*required[""], *required["build"], *(text for extra in IMAGE_EXTRAS for text in required[extra])])
    assert set(pinned("requirements.lock")) == needed - {"torch"}


def test_the_lock_has_the_tested_versions_with_hashes() -> None:
    tested, locked = pinned("constraints.txt"), pinned("requirements.lock")
    assert locked == {name: tested[name] for name in locked}
    entries = re.split(r"\n(?=\w)", (ROOT / "requirements.lock").read_text("utf-8"))[1:]
    assert len(entries) == len(locked)
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}\b", entry) for entry in entries)


def test_the_lock_is_made_with_what_pytorch_needs_on_a_cpu() -> None:
    (told,) = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["uv"]["dependency-metadata"]
    assert (told["name"], told["version"]) == ("torch", pinned("constraints.txt")["torch"])
    needed = [text for text in requires("torch") or () if "extra ==" not in text and not CUDA.search(text)]
    assert {str(Requirement(text)) for text in told["requires-dist"]} == {str(Requirement(text)) for text in needed}


def test_the_licences_are_written_down() -> None:
    assert (ROOT / "LICENCES.md").read_text("utf-8") == licences(), "run `make licences`"


def test_what_only_learning_needs_is_written_down() -> None:
    lines = (ROOT / "learning.txt").read_text("utf-8").splitlines()
    assert {line for line in lines if not line.startswith("#")} == learning(), "run `make licences`"


def test_every_licence_lets_the_bot_be_passed_on() -> None:
    refused = {name: forbidding(licence(name)) for name in pinned("constraints.txt")}
    assert {name: terms for name, terms in refused.items() if terms} == {}


@pytest.mark.parametrize(
    ("written", "refused"),
    [
        ("MIT AND GPL-3.0-only", ["GPL-3.0-only"]),
        ("GNU Affero General Public License v3", ["GNU Affero General Public License v3"]),
        ("Other/Proprietary License", ["Other/Proprietary License"]),
        ("not said", ["not said"]),
        ("MPL-2.0 AND (Apache-2.0 OR MIT)", []),
    ],
)
def test_one_that_does_not_is_seen(written: str, refused: list[str]) -> None:
    assert forbidding(written) == refused
