"""What the *_keeps.py programs print: for each thing that must keep working, null or how it failed."""

import json
import traceback

CHECKS = {}


def check(function):
    CHECKS[function.__name__.replace("_", " ")] = function
    return function


def run():
    failures = {}
    for name, function in CHECKS.items():
        try:
            function()
        except Exception:
            failures[name] = traceback.format_exc()
    print(json.dumps({"count": len(CHECKS), "failures": failures}))
