"""Every table of the product: its catalogue is complete once each package's `schema.py` has been imported."""

from importlib import import_module
from pathlib import Path

import holdfast


def import_all() -> None:
    """Import each `schema.py`."""
    root = Path(holdfast.__file__).parent
    for path in sorted(root.rglob("schema.py")):
        import_module(".".join(["holdfast", *path.relative_to(root).with_suffix("").parts]))
