"""The locks: each is closed, so pip installs it without resolving anything, and every command does so."""

import re
import subprocess
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.markers import Environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
RUNNING, DEVELOPING = "requirements.lock", "requirements-dev.lock"
GROUPS = {RUNNING: ["build"], DEVELOPING: ["build", "dev"]}
PIN = re.compile(r"^(?P<pin>[a-zA-Z0-9][^\n\\]*?)\s*\\\n(?P<hashes>(?:\s+--hash=\S+(?: \\)?\n)+)", re.MULTILINE)

PYTHONS = ["3.11.0", "3.11.2", "3.11.4", "3.11.14", "3.12.0", "3.12.12", "3.13.0", "3.13.9", "3.14.0", "3.14.2"]
PLATFORMS = [
    ("linux", "Linux", "x86_64"),
    ("linux", "Linux", "aarch64"),
    ("darwin", "Darwin", "arm64"),
    ("darwin", "Darwin", "x86_64"),
    # Nothing is promised there, but the locks have lines for it, which must be whole as well.
    ("win32", "Windows", "AMD64"),
]
ELSEWHERE: dict[str, tuple[str, list[str]]] = {
    "async-timeout==5.0.1": (">=3.8", []),
    "cffi==2.1.1": (">=3.10", ["pycparser; implementation_name != 'PyPy'"]),
    "colorama==0.4.6": (">=2.7", []),
    "deprecated==1.3.1": (">=2.7", ["wrapt<3,>=1.10"]),
    "deprecated==3.0.1": (">=3.12", ["wrapt<3,>=1.16"]),
    "pycparser==3.12": (">=3.11", []),
    "pymdown-extensions==12.3": (">=3.10", ["markdown>=3.6", "pyyaml", "pygments>=2.19.1; extra == 'extra'"]),
    "pymdown-extensions==13.1": (">=3.11.5", ["markdown>=3.10.3", "pyyaml", "pygments>=2.19.1; extra == 'extra'"]),
    "pywin32==312": (">=3.9", []),
    "tzdata==2026.6": (">=2", []),
}
"""Locked packages that some Python or platform does not install, with the Python and the packages that they need.

Nothing installed tells of them: copy `Requires-Python` and `Requires-Dist` from the wheel.
"""


@dataclass(frozen=True)
class Pin:
    """One line of a lock."""

    name: str
    version: str
    wanted: Requirement
    hashes: int


@cache
def pins(text: str) -> tuple[Pin, ...]:
    """The lines of a lock."""
    found = []
    for each in PIN.finditer(text):
        wanted = Requirement(each["pin"])
        [specifier] = wanted.specifier
        found.append(Pin(canonicalize_name(wanted.name), specifier.version, wanted, each["hashes"].count("sha256:")))
    return tuple(found)


def environments() -> Iterator[dict[str, str]]:
    """Each Python on each platform, as markers see it."""
    for python in PYTHONS:
        for system, name, machine in PLATFORMS:
            yield {
                "implementation_name": "cpython",
                "implementation_version": python,
                "os_name": "nt" if system == "win32" else "posix",
                "platform_machine": machine,
                "platform_python_implementation": "CPython",
                "platform_release": "",
                "platform_system": name,
                "platform_version": "",
                "python_full_version": python,
                "python_version": ".".join(python.split(".")[:2]),
                "sys_platform": system,
            }


def holds(wanted: Requirement, environment: dict[str, str], extra: str = "") -> bool:
    """Whether a requirement counts there, asked for with this extra."""
    here: Environment = {**environment, "extra": extra}  # type: ignore[typeddict-item]
    return wanted.marker is None or wanted.marker.evaluate(here)


def roots(lock: str) -> list[Requirement]:
    """What a lock is made from."""
    told = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = [each for group in GROUPS[lock] for each in told["dependency-groups"][group]]
    return [Requirement(each) for each in [*told["project"]["dependencies"], *groups]]


@cache
def needs(name: str, version: str) -> tuple[str, tuple[Requirement, ...]]:
    """The Python and the packages that a locked package needs."""
    try:
        told = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        told = None
    if told is not None and told.version == version:
        python, required = told.metadata.get("Requires-Python") or "", told.requires or []
    else:
        assert f"{name}=={version}" in ELSEWHERE, f"{name}=={version} is not installed: `make setup-dev`, or ELSEWHERE"
        python, required = ELSEWHERE[f"{name}=={version}"]
    return python, tuple(Requirement(each) for each in required)


def faults(
    lines: Iterable[Pin], wanted: Iterable[Requirement], environment: dict[str, str]
) -> tuple[set[str], set[Pin]]:
    """Requirements of any depth that a lock does not meet in an environment, and the lines that were used."""
    there: dict[str, Pin] = {}
    wrong: set[str] = set()
    used: set[Pin] = set()
    for pin in lines:
        if holds(pin.wanted, environment):
            if pin.name in there:
                wrong.add(f"{pin.name} is there twice")
            there[pin.name] = pin
    asked = [("holdfast", each) for each in wanted if holds(each, environment)]
    seen: set[tuple[str, str]] = set()
    while asked:
        parent, each = asked.pop()
        pin = there.get(canonicalize_name(each.name))
        if pin is None or not each.specifier.contains(pin.version, prereleases=True):
            wrong.add(f"{parent} needs {each}, and the lock has {pin and pin.version}")
            continue
        used.add(pin)
        python, required = needs(pin.name, pin.version)
        if not SpecifierSet(python).contains(environment["python_full_version"]):
            wrong.add(f"{pin.wanted} needs Python {python}")
        for extra in {"", *each.extras}:
            if (pin.name, extra) not in seen:
                seen.add((pin.name, extra))
                asked += [(pin.name, child) for child in required if holds(child, environment, extra)]
    return wrong, used


@pytest.fixture(params=[RUNNING, DEVELOPING])
def lock(request: pytest.FixtureRequest) -> str:
    """The name of a lock."""
    return str(request.param)


def read(lock: str) -> str:
    return (ROOT / lock).read_text(encoding="utf-8")


def test_every_requirement_of_every_locked_package_is_met_by_the_lock(lock: str) -> None:
    lines, wanted = pins(read(lock)), roots(lock)
    assert {each for environment in environments() for each in faults(lines, wanted, environment)[0]} == set()


def test_a_lock_that_lacks_any_of_its_lines_is_not_closed(lock: str) -> None:
    lines, wanted = pins(read(lock)), roots(lock)
    needed = {pin: here for here in environments() for pin in faults(lines, wanted, here)[1]}
    assert needed.keys() == set(lines), "every line is needed by some Python on some platform"
    for removed in lines:
        wrong, _ = faults([pin for pin in lines if pin != removed], wanted, needed[removed])
        assert wrong, removed


def test_a_lock_without_what_an_extra_brings_is_not_closed() -> None:
    text = re.sub(r"^hiredis==(?:.*\\\n)*.*\n", "", read(RUNNING), flags=re.MULTILINE)
    for environment in environments():
        assert [each for each in faults(pins(text), roots(RUNNING), environment)[0] if "hiredis" in each]


def test_every_line_of_a_lock_is_understood_and_has_hashes(lock: str) -> None:
    assert len(pins(read(lock))) == len(re.findall("==", re.sub(r"#.*|;.*", "", read(lock))))
    assert all(pin.hashes for pin in pins(read(lock)))


def test_both_locks_have_the_same_versions() -> None:
    assert {pin.wanted for pin in pins(read(RUNNING))} <= {pin.wanted for pin in pins(read(DEVELOPING))}


def test_the_packages_of_elsewhere_are_told_of_as_they_are() -> None:
    for name, (python, required) in ELSEWHERE.items():
        locked, version = name.split("==")
        assert any((pin.name, pin.version) == (locked, version) for pin in pins(read(DEVELOPING))), name
        assert SpecifierSet(python)
        installed = [each for each in metadata.distributions(name=locked) if each.version == version]
        for each in installed:
            told = {str(Requirement(one)) for one in each.requires or []}
            assert {str(Requirement(one)) for one in required} <= told


# An assignment such as `PIP := …/pip` in the Makefile hides the name, not the word.
INSTALLS = re.compile(r"\bpip\b[^\n]*?\b(?:install|download|wheel)\b|\buv\b[^\n]*?\badd\b", re.IGNORECASE)
LOCK = re.compile(r"requirements[\w*-]*\.lock|\$\{?\w*lock\w*\}?", re.IGNORECASE)


def commands(name: str, text: str) -> Iterator[str]:
    """Each command that a file has, on one line."""
    if name.endswith((".yml", ".yaml")):
        # Where lines are folded is for YAML to say.
        text = "\n".join(strings(yaml.safe_load(re.sub(r"!(?:reset|override)\b", "", text))))
    joined = re.sub(r"\\\n\s*", " ", text)
    # In lists of words, such as a Dockerfile's, too.
    for line in re.sub(r"['\"],\s*['\"]", " ", joined).splitlines():
        yield from re.split(r"&&|\|\||[;|]", line)


def strings(node: object) -> Iterator[str]:
    match node:
        case str():
            yield node
        case dict():
            for value in node.values():
                yield from strings(value)
        case list():
            for value in node:
                yield from strings(value)


def resolving(name: str, text: str) -> list[str]:
    """The commands of a file that install a lock, and look for what it may lack or take what they find."""
    return [
        command.strip()
        for command in commands(name, text)
        if INSTALLS.search(command)
        and LOCK.search(command)
        and not {"--no-deps", "--require-hashes"} <= set(re.findall(r"--[\w-]+", command))
    ]


def tracked() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout.splitlines()  # fmt: skip
    return [each for each in listed if (ROOT / each).is_file() and each != Path(__file__).relative_to(ROOT).as_posix()]


def test_no_command_of_the_repository_resolves_a_lock() -> None:
    found: dict[str, list[str]] = {}
    installs = 0
    for name in tracked():
        try:
            text = (ROOT / name).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        if name.endswith((".lock", "package-lock.json")):
            continue
        installs += sum(bool(INSTALLS.search(each) and LOCK.search(each)) for each in commands(name, text))
        if wrong := resolving(name, text):
            found[name] = wrong
    assert found == {}
    assert installs >= 4, "the Makefile's two, the Dockerfile's, and that of docs/deployment.md"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Makefile", "\t@$(PIP) install --require-hashes -r requirements.lock\n"),
        ("Dockerfile", "RUN pip install --require-hashes \\\n    -r requirements.lock\n"),
        ("Dockerfile", 'RUN ["pip", "install", "--require-hashes", "-r", "requirements.lock"]\n'),
        ("docs/a.md", "python -m pip install -r requirements-dev.lock --require-hashes\n"),
        (".github/workflows/a.yml", "run: >\n  pip install\n  --require-hashes\n  -r requirements.lock\n"),
        ("a.sh", "pip install --no-deps dist/*.whl && uv pip install -r requirements.lock\n"),
        ("a.sh", "pip install --no-deps -r requirements.lock\n"),
        ("a.sh", 'pip install --require-hashes -r "$LOCK"\n'),
        ("a.py", 'run([python, "-m", "pip", "install", "-r", "requirements.lock"])\n'),
    ],
)
def test_a_command_that_would_resolve_a_lock_is_found(name: str, text: str) -> None:
    assert len(resolving(name, text)) == 1


CI_STUB = """#!/bin/sh
[ ! -e .venv/left ] || echo "make $1 on an old .venv" >>made
echo "make $1" >>made
"""


def test_the_ci_makes_its_packages_from_nothing(tmp_path: Path) -> None:
    (tmp_path / ".ci").mkdir()
    (tmp_path / ".ci" / "run").write_bytes((ROOT / ".ci" / "run").read_bytes())
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "left").touch()
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("make", "curl", "redis-server", "nginx", "pgbouncer", "chromium-headless-shell", "apt-get"):
        (programs / name).write_text(CI_STUB if name == "make" else "#!/bin/sh\n", encoding="utf-8")
        (programs / name).chmod(0o755)
    environment = {"PATH": f"{programs}:/usr/bin:/bin"}
    subprocess.run(["bash", ".ci/run"], cwd=tmp_path, env=environment, check=True, capture_output=True)
    made = (tmp_path / "made").read_text(encoding="utf-8").splitlines()
    assert made == ["make setup-dev", "make check", "make test"]
