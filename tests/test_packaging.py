"""What is installed finds its experiments and fits: wheel, editable install, and an unpacked archive."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LEFT_BEHIND = (
    "*.egg-info",
    "*-run",
    "build",
    "dist",
    "__pycache__",
    ".venv",
    ".git",
    ".*_cache",
    ".hypothesis",
)

LOOK = """
import json, sys
import darkmoment
from darkmoment.experiments import available
from darkmoment.experiments.curve import Curve
from darkmoment.runfile.loader import load
from darkmoment.runfile.shipped import shipped
curves = {}
for name, card in available().items():
    files = {d.curve for d in card.datasets.values()} | {d.curve_below for d in card.datasets.values()}
    curves[name] = {f: Curve.read(card.folder / f).range[1] for f in files if f}
fits = {name: sorted(load(name).base.experiments) for name in shipped()}
found = {"home": darkmoment.__file__, "version": darkmoment.__version__, "curves": curves, "fits": fits}
print(json.dumps(found))
"""


def call(*command: object, cwd: Path, **environment: str) -> str:
    """Run a command and return what it prints; its errors are shown where it fails."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}\n{done.stdout}\n{done.stderr}")
    return done.stdout


def archive(target: Path) -> None:
    """Write the checkout as it stands into a zip by `git archive`, its index and objects left alone."""
    git = ("git", "-c", "safe.directory=*")  # a checkout may belong to somebody else
    objects = (ROOT / call(*git, "rev-parse", "--git-path", "objects", cwd=ROOT).strip()).resolve()
    scratch = target.parent / "objects"
    scratch.mkdir()
    own = {
        "GIT_INDEX_FILE": str(target.parent / "index"),
        "GIT_OBJECT_DIRECTORY": str(scratch),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(objects),
    }
    call(*git, "add", "--all", cwd=ROOT, **own)
    tree = call(*git, "write-tree", cwd=ROOT, **own).strip()
    call(*git, "archive", "--format=zip", "-o", target, tree, cwd=ROOT, **own)


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    """Return a function that gives a fresh copy of the sources, as a `git archive` zip unpacks to."""
    base = tmp_path_factory.mktemp("sources")
    pristine = base / "pristine"
    if shutil.which("git") and (ROOT / ".git").exists():
        archive(base / "darkmoment.zip")
        with zipfile.ZipFile(base / "darkmoment.zip") as file:
            file.extractall(pristine)
    else:  # these sources are an unpacked archive themselves
        shutil.copytree(ROOT, pristine, ignore=shutil.ignore_patterns(*LEFT_BEHIND))

    def copy(name):
        return shutil.copytree(pristine, base / name)

    return copy


@pytest.fixture(scope="module")
def wheel(unpacked, tmp_path_factory):
    target = tmp_path_factory.mktemp("wheel")
    build = (sys.executable, "-m", "pip", "wheel", ".", "--no-deps", "--no-build-isolation", "--no-index")
    call(*build, "-w", target, cwd=unpacked("for_wheel"))
    (built,) = target.glob("darkmoment-*.whl")
    return built


@pytest.fixture
def environment(tmp_path):
    """Return the Python of a new environment that sees our dependencies, but not our darkmoment."""
    venv.create(tmp_path / "venv", with_pip=False)
    scripts = tmp_path / "venv" / ("Scripts" if os.name == "nt" else "bin")
    python = scripts / Path(sys.executable).name
    if not python.exists():
        python = scripts / "python"
    site = Path(
        call(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=tmp_path).strip()
    )
    # links to everything but ourselves: an installed darkmoment would be found first, or count as present
    links = tmp_path / "dependencies"
    links.mkdir()
    for folder in dict.fromkeys(Path(p).resolve() for p in sys.path if p.endswith("-packages")):
        for entry in folder.iterdir():
            ours = entry.name.startswith(("darkmoment", "__editable__"))
            if not ours and not (links / entry.name).exists():
                (links / entry.name).symlink_to(entry)
    (site / "dependencies.pth").write_text(str(links))
    return python


def install(python, *what, cwd):
    offline = ("--no-deps", "--no-index", "--no-build-isolation", "--quiet")
    call(sys.executable, "-m", "pip", "--python", python, "install", *offline, *what, cwd=cwd)


def found_by(python, cwd):
    return json.loads(call(python, "-I", "-c", LOOK, cwd=cwd))


def is_complete(found):
    assert set(found["curves"]) == {card.parent.name for card in (ROOT / "likelihoods").glob("*/card.yaml")}
    assert found["curves"]["babar"] == {"babar_2017_invisible.csv": pytest.approx(8.0, rel=0.01)}
    assert set(found["curves"]["na64"]) == {"na64_2019_invisible.csv", "na64_2023_invisible.csv"}
    assert found["fits"] == {
        "global": ["babar", "borexino", "g_minus_2", "meg2", "na64"],
        "projections": ["babar", "borexino", "g_minus_2", "meg2", "na64", "sindrum", "sindrum2"],
        "paper": ["borexino", "meg2", "na64"],
        "scattering": ["borexino", "gemma", "lsnd", "lz", "texono", "xenonnt"],
        "scrutiny": ["babar", "borexino", "g_minus_2", "meg2", "na64"],
    }
    return True


def test_the_wheel(wheel, environment, tmp_path):
    install(environment, wheel, cwd=tmp_path)
    found = found_by(environment, tmp_path)
    assert Path(found["home"]).is_relative_to(tmp_path / "venv")
    assert is_complete(found)
    script = environment.with_name("darkmoment")
    assert call(script, "--version", cwd=tmp_path).strip() == f"darkmoment {found['version']}"
    assert '"mu_emu_muB": 7.83557' in call(script, "evaluate", "paper", "--json", cwd=tmp_path)


def test_an_unpacked_archive_installed(unpacked, environment, tmp_path):
    install(environment, ".", cwd=unpacked("for_install"))
    found = found_by(environment, tmp_path)
    assert Path(found["home"]).is_relative_to(tmp_path / "venv")
    assert is_complete(found)


def test_an_editable_install(unpacked, environment, tmp_path):
    sources = unpacked("for_editable")
    install(environment, "-e", ".", cwd=sources)
    found = found_by(environment, tmp_path)
    assert Path(found["home"]) == sources / "src" / "darkmoment" / "__init__.py"
    assert is_complete(found)
    # and it is editable: a new fit is there at once
    shutil.copy(sources / "fits" / "paper.yaml", sources / "fits" / "mine.yaml")
    assert "mine" in found_by(environment, tmp_path)["fits"]


def test_the_wheel_holds_the_package_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as file:
        names = set(file.namelist())
    assert {name.partition("/")[0] for name in names} == {
        "darkmoment",
        f"{wheel.name.split('-py3')[0]}.dist-info",
    }
    assert "darkmoment/py.typed" in names
    assert not [name for name in names if "test" in name or "notebook" in name]
    sources = {
        "darkmoment": ROOT / "src" / "darkmoment",
        "darkmoment/likelihoods": ROOT / "likelihoods",
        "darkmoment/fits": ROOT / "fits",
    }
    wanted = {
        f"{prefix}/{path.relative_to(folder).as_posix()}"
        for prefix, folder in sources.items()
        for path in folder.rglob("*")
        if path.suffix in (".py", ".yaml", ".csv", ".css", ".js")
    }
    assert names >= wanted


def test_the_source_distribution_builds_the_same_wheel(unpacked, wheel, tmp_path):
    code = "import sys; from setuptools import build_meta; build_meta.build_sdist(sys.argv[1])"
    call(sys.executable, "-c", code, tmp_path, cwd=unpacked("for_sdist"))
    (built,) = tmp_path.glob("darkmoment-*.tar.gz")
    with tarfile.open(built) as file:
        names = [name.partition("/")[2] for name in file.getnames()]
        file.extractall(tmp_path / "sdist", filter="data")
    assert not [name for name in names if name.startswith(("tests", "notebooks"))]
    assert {"src/darkmoment/py.typed", "LICENSE", "README.md", "CHANGELOG.md", "CITATION.cff"} <= set(names)
    (sources,) = (tmp_path / "sdist").iterdir()
    build = (
        sys.executable,
        "-m",
        "pip",
        "wheel",
        ".",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
        "--quiet",
    )
    call(*build, "-w", tmp_path, cwd=sources)
    (again,) = tmp_path.glob("darkmoment-*.whl")
    with zipfile.ZipFile(wheel) as one, zipfile.ZipFile(again) as other:
        assert sorted(one.namelist()) == sorted(other.namelist())
