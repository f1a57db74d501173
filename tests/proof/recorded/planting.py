"""Changes a copy of the service's source: an error, to see that a recorded run finds it, or a clock that is off."""

import shutil
from collections.abc import Iterable
from pathlib import Path

import holdfast
from proof.edits import WRITING, Edit

NOW = "datetime.now(UTC)"


def planted(edits: Iterable[Edit], directory: Path) -> dict[str, str]:
    """The environment of a service whose source, in this directory, is changed."""
    shutil.copytree(Path(holdfast.__file__).parent, directory / "holdfast", ignore=shutil.ignore_patterns("*.pyc"))
    for edit in edits:
        path = (directory / edit.module.replace(".", "/")).with_suffix(".py")
        source = path.read_text(encoding="utf-8")
        assert source.count(edit.old) == 1, f"{edit.module} does not hold exactly once: {edit.old!r}"
        path.write_text(source.replace(edit.old, edit.new), encoding="utf-8")
        # What the engine says of its function in the database, migrations say once more.
        for migration in (directory / "holdfast/database/migrations/versions").glob("*.py"):
            source = migration.read_text(encoding="utf-8")
            if edit.module == WRITING and edit.old.strip() in source:
                migration.write_text(source.replace(edit.old, edit.new), encoding="utf-8")
    return {"PYTHONPATH": str(directory)}


def skewed(clock: Path, directory: Path) -> dict[str, str]:
    """The environment of a service whose clock is off by so many seconds as this file says at each moment."""
    shutil.copytree(Path(holdfast.__file__).parent, directory / "holdfast", ignore=shutil.ignore_patterns("*.pyc"))
    path = directory / "holdfast" / "clock.py"
    source = path.read_text(encoding="utf-8")
    assert source.count(NOW) == 1
    skew = f"timedelta(seconds=float(Path({str(clock)!r}).read_text()))"
    imports = "\nfrom datetime import timedelta\nfrom pathlib import Path\n"
    head, _, rest = source.partition("\n")
    path.write_text(f"{head}\n{imports}{rest.replace(NOW, f'{NOW} + {skew}')}", encoding="utf-8")
    return {"PYTHONPATH": str(directory)}
