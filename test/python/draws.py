"""What the *_draws.py programs print: for each way to seed, the numbers that follow."""

import json


def report(unseeded, ways):
    """`ways`: name → function from a seed constant (None: no argument) to numbers."""
    streams = {}
    for name, draw in ways.items():
        streams[name] = {"five": draw(5), "again": draw(5), "six": draw(6), "fresh": draw(None), "fresher": draw(None)}
    print(json.dumps({"unseeded": unseeded, "streams": streams}))


def seed_with(seed, constant):
    return seed() if constant is None else seed(constant)
