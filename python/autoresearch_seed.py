"""Derives every seed of a trial from the harness's seed: a constant that a script passes to `random`, `numpy`, `torch`
or `jax` is replaced by SHA-256("{AUTORESEARCH_SEED}:{constant}") before the library sees it.

Threat model: a candidate gains nothing by searching for a lucky constant, because the same constant gives another
random stream in the next trial. A candidate can bypass this file, because it runs in the same process and may set a
generator's state or bring its own generator. The judge's `seed-insensitive` rule covers that case.
"""

import itertools
import operator
import os
import sys

HARNESS_SEED = os.environ.get("AUTORESEARCH_SEED", "")

_fresh = itertools.count()
_forks = [0]  # the number of forks of each ancestor; the last entry is this process's own


def derive(constant, bits):
    """Derives an integer of `bits` bits from a constant. None gives a fresh one; a generator is returned unchanged."""
    text = f"fresh:{next(_fresh)}:{_process()}" if constant is None else _text(constant)
    return constant if text is None else _digest(text, bits)


def initial(bits):
    """The initial seed of a library's global generator, for scripts that set no seed."""
    return _digest(f"initial:{_process()}", bits)


def _digest(text, bits):
    from hashlib import sha256  # imported on demand, so that processes without random numbers start faster

    digest = sha256(f"{HARNESS_SEED}:{text}".encode()).digest()
    return int.from_bytes(digest, "big") >> (8 * len(digest) - bits)


def _text(constant):
    """Text that is the same for equal integers of any type; None for values that are not constants."""
    if isinstance(constant, (str, bytes, bytearray, float)):
        return repr(constant)
    try:
        return str(int(operator.index(constant)))  # `int`, because operator.index(True) is True up to Python 3.9
    except TypeError:
        pass
    if type(constant).__name__ == "ndarray":
        constant = constant.tolist()
    if isinstance(constant, (list, tuple, range)):
        items = [_text(item) for item in constant]
        return None if None in items else f"[{','.join(items)}]"
    return None


def _process():
    """Identifies this process within the trial: ranks, workers and forks without a seed must draw different numbers."""
    multiprocessing = sys.modules.get("multiprocessing.process")
    name = multiprocessing.current_process().name if multiprocessing else "MainProcess"
    return f"{os.environ.get('RANK', '')}:{name}:{_forks[:-1]}"


def _count_fork():
    _forks[-1] += 1


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_count_fork, after_in_child=lambda: _forks.append(0))


def seeded(original, parameter, bits, at=0):
    """Wraps `original` so that its seed (positional argument `at`, or keyword `parameter`) is derived."""
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
    """Creates a subclass to replace a C class, whose own methods cannot be replaced. Instances of the original count as
    instances of the subclass too, because the library itself still creates originals."""

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
    if hasattr(os, "register_at_fork"):  # after the module's own hook, which seeds forked children
        os.register_at_fork(after_in_child=random.seed)


def patch_tempfile(tempfile):
    """Keeps names of files and semaphores random: they do not affect training and must differ between parallel runs."""
    tempfile._Random = sys.modules["random"].SystemRandom


def patch_numpy(numpy_random):
    def replace(original, replacement):
        for module in (numpy_random, numpy_random.mtrand):  # pickle needs the originals in the others
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
        if original is None:  # only in later versions of numpy
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
    original = torch._C.Generator  # every seeding function calls `manual_seed` or `seed` of a device's generator
    manual_seed = seeded(original.manual_seed, "seed", 63, at=1)
    replace_method(original, "manual_seed", manual_seed)
    replace_method(original, "seed", lambda self: manual_seed(self, None).initial_seed())

    def __new__(cls, *args, **kwargs):
        generator = original.__new__(original if cls is torch.Generator else cls, *args, **kwargs)
        # A new generator is seeded with a constant of the library, which would give the same numbers in every trial.
        return generator.manual_seed(generator.initial_seed())

    torch.Generator = stand_in(original, "torch", __new__=__new__)


def replace_method(cls, name, method):
    """Replaces a method of a C class, which Python normally refuses. A subclass is not enough for torch's generators:
    torch.compile crashes on any class but the original, and the library's own generators would keep the old method."""
    import ctypes
    import gc

    [names] = gc.get_referents(cls.__dict__)  # the dictionary behind the read-only view
    names[name] = method
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(cls))  # invalidates cached look-ups


_seeded_keys = set()


def patch_jax(jax_random):
    """Derives the seeds of new keys. A seed computed in a compiled function has no value yet and stays unchanged."""
    for name in ("key", "PRNGKey"):
        original = getattr(jax_random, name, None)
        if original and original not in _seeded_keys:  # already derived if it comes from a patched module
            replacement = seeded(original, "seed", 31)
            _seeded_keys.add(replacement)
            setattr(jax_random, name, replacement)


PATCHES = {
    "random": patch_random,
    "tempfile": patch_tempfile,
    "numpy.random": patch_numpy,
    "torch": patch_torch,
    "jax._src.random": patch_jax,  # the module from which jax.random imports its functions
    "jax._src.random.core": patch_jax,  # the same since JAX 0.10
}
