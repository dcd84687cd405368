"""Who may import whom: physics nothing above it, an experiment only physics and the experiments' base."""

import ast
from importlib.resources import files
from pathlib import Path

import darkmoment.likelihoods
import pytest

import darkmoment.physics

LIKELIHOODS = Path(str(files(darkmoment.likelihoods)))
PHYSICS = Path(str(files(darkmoment.physics)))


def imported(source: str, package: str) -> set[str]:
    """Every module a source imports, absolute, at any depth of the code."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*parents, *([node.module] if node.module else [])])
            # `from darkmoment import fit` imports darkmoment.fit
            found |= {f"{base}.{alias.name}" for alias in node.names} if base == "darkmoment" else {base}
    return found


def trespasses(source: str, package: str, allowed: tuple[str, ...]) -> set[str]:
    ours = {name for name in imported(source, package) if name.split(".")[0] == "darkmoment"}
    return {name for name in ours if not any(name == a or name.startswith(f"{a}.") for a in allowed)}


def likelihood_rules(folder: str) -> tuple[str, tuple[str, ...]]:
    own = f"darkmoment.likelihoods.{folder}"
    return own, ("darkmoment.physics", "darkmoment.experiments", own)


def test_every_likelihood_imports_physics_and_experiments_only() -> None:
    modules = sorted(LIKELIHOODS.glob("*/*.py"))
    assert len(modules) >= 10
    for module in modules:
        package, allowed = likelihood_rules(module.parent.name)
        assert not trespasses(module.read_text(), package, allowed), module


def test_physics_imports_nothing_above_it() -> None:
    modules = sorted(PHYSICS.glob("*.py"))
    assert len(modules) >= 2
    for module in modules:
        allowed = ("darkmoment.physics", "darkmoment.constants")
        assert not trespasses(module.read_text(), "darkmoment.physics", allowed), module


@pytest.mark.parametrize(
    "line",
    [
        "import darkmoment.fit",
        "from darkmoment import fit",
        "from darkmoment.inference.search import climb",
        "from darkmoment.likelihoods.na64.likelihood import Experiment",
        "from ..na64.likelihood import Experiment",
        "from ...runfile import loader",
        "def late():\n    from darkmoment.runfile import loader",
        "import darkmoment.physicsfoo",
    ],
)
def test_the_rule_sees_every_way_to_import(line: str) -> None:
    package, allowed = likelihood_rules("meg2")
    assert trespasses(line, package, allowed)
    assert not trespasses(
        "import numpy\nfrom .spectrum import x\nfrom darkmoment.physics import recoil", package, allowed
    )
