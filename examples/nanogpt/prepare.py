"""The text, which nobody edits: what to train on in one place, what to validate on in another.

    python3 prepare.py        once, before any training

The training sandbox is given the first place only.
"""

import hashlib
import os
import sys
import sysconfig
from pathlib import Path

HERE = Path(__file__).resolve().parent
DATA = Path(os.environ.get("AUTORESEARCH_DATA") or HERE / ".data")
EVAL_DATA = Path(os.environ.get("AUTORESEARCH_EVAL_DATA") or DATA / "eval")

VAL_SHARE = 10  # one part in so many is validated on
TABLES = {"encodings", "pydoc_data"}  # generated code, nearly the same file a hundred times over
TESTS = {"test", "tests", "idle_test"}  # installed with some Pythons and not with others
END_OF_FILE = b"\0"


def main():
    text = os.environ.get("NANOGPT_TEXT")
    train, val = split_file(Path(text)) if text else split_standard_library()
    write(DATA / "train.bin", train)
    write(EVAL_DATA / "val.bin", val)
    print(f"text:        {text or f'the standard library of Python {sys.version.split()[0]}'}")
    for name, part in ("train", train), ("val", val):
        print(f"{name}:{len(part):>{18 - len(name)}} bytes, sha256 {hashlib.sha256(part).hexdigest()[:16]}")


def split_file(path):
    """The end of the text, in one piece: random pieces would have trained neighbours."""
    text = path.read_bytes()
    split = len(text) - len(text) // VAL_SHARE
    return text[:split], text[split:]


def split_standard_library():
    """Whole modules and packages, drawn by the hash of their name: files of one package repeat each other."""
    parts = [], []
    for path, module in standard_library():
        is_val = hashlib.sha256(module.encode()).digest()[0] % VAL_SHARE == 0
        parts[is_val].append(path.read_bytes())
    return tuple(END_OF_FILE.join(part) for part in parts)


def standard_library():
    """Every Python file of the standard library, with the name of the module or package it belongs to."""
    root = Path(sysconfig.get_path("stdlib"))
    modules = sys.stdlib_module_names - TABLES
    for path in sorted(root.rglob("*.py")):
        module, *inside = path.relative_to(root).with_suffix("").parts
        if module in modules and TESTS.isdisjoint(inside):
            yield path, module


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


if __name__ == "__main__":
    main()
