"""Every way to seed numpy."""

import numpy as np
from numpy.random import PCG64, Generator, RandomState, SeedSequence, default_rng, seed as imported_seed

from draws import report, seed_with

unseeded = np.random.rand()


def globally(seed):
    def draw(constant):
        seed_with(seed, constant)
        return [np.random.rand(), float(np.random.randn()), int(np.random.randint(1000))]

    return draw


def reseeded(constant):
    generator = np.random.RandomState(1)
    seed_with(generator.seed, constant)
    return generator.rand()


def of_bits(name, parameter="seed"):
    def draw(constant):
        return np.random.Generator(getattr(np.random, name)(**{parameter: constant})).random()

    return draw


def as_type(convert):
    return lambda constant: np.random.default_rng(None if constant is None else convert(constant)).random()


nested = {"default_rng([[x], 1])": as_type(lambda constant: [[constant], 1])}  # until numpy 2

report(
    unseeded,
    {
        "numpy.random.seed": globally(np.random.seed),
        "from numpy.random import seed": globally(imported_seed),
        "numpy.random.seed([x])": globally(lambda c=None: np.random.seed(None if c is None else [c, 1, 2])),
        "RandomState(x)": lambda constant: seed_with(np.random.RandomState, constant).rand(),
        "from numpy.random import RandomState": lambda constant: RandomState(seed=constant).rand(),
        "RandomState().seed": reseeded,
        "RandomState(MT19937(x))": lambda constant: RandomState(np.random.MT19937(constant)).rand(),
        "default_rng": lambda constant: seed_with(np.random.default_rng, constant).random(),
        "from numpy.random import default_rng": lambda constant: default_rng(seed=constant).random(),
        "default_rng(SeedSequence(x))": lambda constant: default_rng(SeedSequence(constant)).random(),
        "SeedSequence(entropy=)": lambda constant: default_rng(SeedSequence(entropy=constant)).random(),
        "SeedSequence().spawn": lambda constant: default_rng(SeedSequence(constant).spawn(2)[1]).random(),
        "default_rng([x, 1])": as_type(lambda constant: [constant, 1]),
        "default_rng(range)": as_type(lambda constant: range(constant)),
        "default_rng(array)": as_type(lambda constant: np.array([constant, 1])),
        "default_rng(numpy integer)": as_type(np.int64),
        "default_rng(2**100 + x)": as_type(lambda constant: 2**100 + constant),
        "Generator(PCG64(x))": lambda constant: Generator(PCG64(constant)).random(),
        **{name: of_bits(name) for name in ("MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64")},
        "Philox(key=)": of_bits("Philox", "key"),
        **(nested if np.__version__ < "2" else {}),
    },
)
