"""Every way to seed the standard library."""

import os
import random
from random import Random, seed as imported_seed

from draws import report, seed_with


def in_a_fork():
    reading, writing = os.pipe()
    if os.fork() == 0:
        os.write(writing, repr(random.random()).encode())
        os._exit(0)
    os.wait()
    return float(os.read(reading, 100))


unseeded = [random.random(), in_a_fork()]


class Loaded(random.Random):
    def __init__(self, constant):
        super().__init__(constant)


def globally(seed):
    def draw(constant):
        seed_with(seed, constant)
        return [random.random(), random.gauss(0, 1), random.randrange(1000)]

    return draw


def reseeded(constant):
    generator = random.Random(1)
    seed_with(generator.seed, constant)
    return generator.random()


report(
    unseeded,
    {
        "random.seed": globally(random.seed),
        "from random import seed": globally(imported_seed),
        "random.seed(a=)": globally(lambda constant=None: random.seed(a=constant, version=2)),
        "Random(x)": lambda constant: seed_with(random.Random, constant).random(),
        "from random import Random": lambda constant: seed_with(Random, constant).random(),
        "a subclass of Random": lambda constant: Loaded(constant).random(),
        "Random().seed": reseeded,
        "text": lambda constant: random.Random(None if constant is None else f"{constant}").random(),
        "bytes": lambda constant: random.Random(None if constant is None else bytes([constant])).random(),
        "a float": lambda constant: random.Random(None if constant is None else constant / 7).random(),
    },
)
