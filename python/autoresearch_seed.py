"""Makes every seed of a trial a function of the harness' seed: whatever constant a script passes to `random`, `numpy`,
`torch` or `jax` is replaced by SHA-256("{AUTORESEARCH_SEED}:{constant}") before the library sees it.

Threat model: a candidate that searches for a lucky constant, or changes one and calls it an idea, gains nothing, since
the same constant is another stream in the next trial. A candidate that works around this file can: it shares the
process, may set a generator's state or carry a generator of its own. The judge's `seed-insensitive` rule is for that.
"""

import itertools
import operator
import os
import sys

HARNESS_SEED = os.environ.get("AUTORESEARCH_SEED", "")

_fresh = itertools.count()
_forks = [0]  # how many times each ancestor, and last this process, has forked


def derive(constant, bits):
    """An integer of `bits` bits for a seed constant, a fresh one for None; anything else (a generator) is returned."""
    text = f"fresh:{next(_fresh)}:{_process()}" if constant is None else _text(constant)
    return constant if text is None else _digest(text, bits)


def initial(bits):
    """The seed of a library's global generator in a process that seeds nothing."""
    return _digest(f"initial:{_process()}", bits)


def _digest(text, bits):
    from hashlib import sha256  # only here: a process that draws nothing does not pay for it

    digest = sha256(f"{HARNESS_SEED}:{text}".encode()).digest()
    return int.from_bytes(digest, "big") >> (8 * len(digest) - bits)


def _text(constant):
    """Text that is equal for the same integer of any type; None for what is not a constant."""
    if isinstance(constant, (str, bytes, bytearray, float)):
        return repr(constant)
    try:
        return str(int(operator.index(constant)))  # `int`: to Python 3.9 True is not 1 yet
    except TypeError:
        pass
    if type(constant).__name__ == "ndarray":
        constant = constant.tolist()
    if isinstance(constant, (list, tuple, range)):
        items = [_text(item) for item in constant]
        return None if None in items else f"[{','.join(items)}]"
    return None


def _process():
    """Which process of the trial this is: ranks, workers and forks that do not seed must not all draw the same."""
    multiprocessing = sys.modules.get("multiprocessing.process")
    name = multiprocessing.current_process().name if multiprocessing else "MainProcess"
    return f"{os.environ.get('RANK', '')}:{name}:{_forks[:-1]}"


def _count_fork():
    _forks[-1] += 1


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_count_fork, after_in_child=lambda: _forks.append(0))


def seeded(original, parameter, bits, at=0):
    """`original`, its seed (positional argument number `at`, or the keyword) derived."""
    from functools import wraps

    @wraps(original)
    def with_derived_seed(*args, **kwargs):
        if len(args) > at:
            args = (*args[:at], derive(args[at], bits), *args[at + 1 :])
        else:
            kwargs[parameter] = derive(kwargs.get(parameter), bits)
        return original(*args, **kwargs)

    return with_derived_seed


def stand_in(original, module, **methods):
    """A subclass to take the name of a C class, whose own methods cannot be replaced. What the library made itself is
    of the original, so an instance of the original counts as one of the stand-in too."""

    class Meta(type(original)):
        def __instancecheck__(cls, instance):
            return isinstance(instance, original) if cls is replacement else super().__instancecheck__(instance)

        def __subclasscheck__(cls, subclass):
            return issubclass(subclass, original) if cls is replacement else super().__subclasscheck__(subclass)

    names = {"__slots__": (), "__module__": module, "__doc__": original.__doc__, **methods}
    replacement = Meta(original.__name__, (original,), names)
    return replacement


def patch_random(random):
    random.Random.seed = seeded(random.Random.seed, "a", 256, at=1)
    random.seed = random._inst.seed
    random.seed(initial(256))
    if hasattr(os, "register_at_fork"):  # after the module's own hook, which seeds a forked child from the system
        os.register_at_fork(after_in_child=random.seed)


def patch_tempfile(tempfile):
    """File and semaphore names are not training, and must differ between trials that run side by side."""
    tempfile._Random = sys.modules["random"].SystemRandom


def patch_numpy(numpy_random):
    def replace(original, replacement):
        for module in (numpy_random, numpy_random.mtrand):  # others stay, for pickle to find the originals by name
            if vars(module).get(original.__name__) is original:
                setattr(module, original.__name__, replacement)

    numpy_random.seed(initial(32))
    replace(numpy_random.seed, seeded(numpy_random.seed, "seed", 32))
    replace(numpy_random.default_rng, seeded(numpy_random.default_rng, "seed", 128))
    for name, parameter, bits in (
        ("SeedSequence", "entropy", 128),
        ("RandomState", "seed", 32),
        ("MT19937", "seed", 128),
        ("PCG64", "seed", 128),
        ("PCG64DXSM", "seed", 128),
        ("Philox", "seed", 128),
        ("SFC64", "seed", 128),
    ):
        original = getattr(numpy_random, name, None)
        if original is None:  # of a later numpy
            continue
        methods = {"__init__": seeded(original.__init__, parameter, bits, at=1)}
        if name == "RandomState":
            methods["seed"] = seeded(original.seed, parameter, bits, at=1)
        if name == "Philox":
            methods["__init__"] = _seed_or_key(methods["__init__"], seeded(original.__init__, "key", 128, at=3))
        replace(original, stand_in(original, "numpy.random", **methods))


def _seed_or_key(by_seed, by_key):
    def __init__(self, *args, **kwargs):
        (by_key if len(args) > 2 or kwargs.get("key") is not None else by_seed)(self, *args, **kwargs)

    return __init__


def patch_torch(torch):
    torch.manual_seed(initial(63))
    original = torch._C.Generator  # every seeding function ends at the `manual_seed` or `seed` of a device's generator
    manual_seed = seeded(original.manual_seed, "seed", 63, at=1)
    replace_method(original, "manual_seed", manual_seed)
    replace_method(original, "seed", lambda self: manual_seed(self, None).initial_seed())

    def __new__(cls, *args, **kwargs):
        generator = original.__new__(original if cls is torch.Generator else cls, *args, **kwargs)
        # A new generator has a constant of the library for its seed: left alone, the same numbers in every trial.
        return generator.manual_seed(generator.initial_seed())

    torch.Generator = stand_in(original, "torch", __new__=__new__)


def replace_method(cls, name, method):
    """Of a C class, which Python refuses to change. A subclass is not enough for generators of torch: torch.compile
    knows them by their exact class and crashes on any other, and the library's own would keep the old method."""
    import ctypes
    import gc

    [names] = gc.get_referents(cls.__dict__)  # the dictionary behind the read-only view
    names[name] = method
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(cls))  # forget cached look-ups


_seeded_keys = set()


def patch_jax(jax_random):
    """Keys carry their seed with them, so a seed that is computed inside a compiled function stays as it is."""
    for name in ("key", "PRNGKey"):
        original = getattr(jax_random, name, None)
        if original and original not in _seeded_keys:  # else taken from a module that is patched already
            replacement = seeded(original, "seed", 31)
            _seeded_keys.add(replacement)
            setattr(jax_random, name, replacement)


PATCHES = {
    "random": patch_random,
    "tempfile": patch_tempfile,
    "numpy.random": patch_numpy,
    "torch": patch_torch,
    "jax._src.random": patch_jax,  # where jax.random and its own libraries take them from
    "jax._src.random.core": patch_jax,  # and since JAX 0.10
}
