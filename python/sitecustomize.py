"""Loads the seed shim (autoresearch_seed.py) in every Python process of a trial: the harness puts this folder first on
PYTHONPATH, and Python imports `sitecustomize` before the script. Without AUTORESEARCH_SEED it changes nothing.

`python -I`, `-E` and `-S` skip this file, and no Python code can prevent that. The judge's `seed-insensitive` rule
catches candidates that use them.
"""

import os
import sys
from _frozen_importlib import module_from_spec  # already in memory; importing importlib itself takes 4 ms
from _frozen_importlib_external import PathFinder


class PatchingFinder:
    """Lets the other finders find a library, and patches it right after its own code has run. Nothing is imported that
    the script does not import, and `from torch import manual_seed` gets the patched function."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name not in PATCHES:
            return None
        for finder in sys.meta_path:
            if finder is not PatchingFinder and hasattr(finder, "find_spec"):
                spec = finder.find_spec(name, path, target)
                if spec:
                    if spec.loader:
                        patch_after_execution(spec.loader, name)
                    return spec
        return None


def patch_after_execution(loader, name):
    execute = loader.exec_module

    def exec_module(module):
        execute(module)
        if module.__name__ == name:  # a loader may be shared between modules
            patch(module)

    loader.exec_module = exec_module


def patch(module):
    try:
        PATCHES[module.__name__](module)
    except Exception as error:  # an unknown version of the library, or the script's own file with that name
        print(f"autoresearch: could not derive the seeds of {module.__name__}: {error!r}", file=sys.stderr)


def run_next_sitecustomize():
    """Runs the sitecustomize that this one hides (Debian's, a virtual environment's): Python imports only the first."""
    here = os.path.dirname(os.path.abspath(__file__))
    spec = PathFinder.find_spec("sitecustomize", [entry for entry in sys.path if os.path.abspath(entry) != here])
    if spec and spec.loader:
        sys.modules["sitecustomize"] = module_from_spec(spec)
        spec.loader.exec_module(sys.modules["sitecustomize"])


# Apple's Accelerate is the only numerical library that does not follow OMP_NUM_THREADS by itself.
if os.environ.get("AUTORESEARCH_SEED") and os.environ.get("OMP_NUM_THREADS"):
    os.environ.setdefault("VECLIB_MAXIMUM_THREADS", os.environ["OMP_NUM_THREADS"])

if os.environ.get("AUTORESEARCH_SEED"):
    from autoresearch_seed import PATCHES

    sys.meta_path.insert(0, PatchingFinder)
    for name in PATCHES:
        if name in sys.modules:  # imported earlier by a .pth file
            patch(sys.modules[name])

run_next_sitecustomize()
