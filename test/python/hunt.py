"""A candidate's hunt for a lucky constant: what a tiny training run would score with each of 50 (lower is better)."""

import json
import random


def score(constant):
    random.seed(constant)
    return sum(random.gauss(0, 1) for _ in range(20)) / 20


print(json.dumps([score(constant) for constant in range(50)]))
