"""What scripts do with numpy's generators besides seeding."""

import copy
import pickle

import numpy as np
from checks import check, run


@check
def default_rng_passes_a_generator_and_bits_through():
    generator = np.random.default_rng(5)
    assert np.random.default_rng(generator) is generator
    bits = np.random.PCG64(5)
    assert np.random.default_rng(bits).bit_generator is bits


@check
def what_numpy_makes_itself_is_an_instance():
    assert isinstance(np.random.mtrand._rand, np.random.RandomState)
    assert isinstance(np.random.default_rng(5).bit_generator, np.random.PCG64)
    assert isinstance(np.random.PCG64(5), np.random.BitGenerator)
    assert issubclass(type(np.random.mtrand._rand), np.random.RandomState)
    assert not isinstance(5, np.random.RandomState) and not isinstance(np.random.PCG64(5), np.random.SFC64)


@check
def a_subclass_of_the_scripts_own_is_told_apart():
    class Own(np.random.RandomState):
        pass

    assert isinstance(Own(5), Own) and isinstance(Own(5), np.random.RandomState)
    assert not isinstance(np.random.RandomState(5), Own) and not issubclass(np.random.RandomState, Own)
    assert Own(5).rand() == np.random.RandomState(5).rand()


@check
def ways_that_agree_without_the_shim_agree_with_it():
    assert np.random.default_rng(5).random() == np.random.Generator(np.random.PCG64(5)).random()
    assert np.random.default_rng(np.random.SeedSequence(5)).random() == np.random.default_rng(5).random()
    np.random.seed(5)
    assert np.random.rand() == np.random.RandomState(5).rand()
    assert np.random.default_rng(np.int32(5)).random() == np.random.default_rng(np.uint8(5)).random()
    parent = np.random.SeedSequence(5)
    [child] = parent.spawn(1)
    again = np.random.SeedSequence(parent.entropy, spawn_key=(0,))
    assert (child.generate_state(4) == again.generate_state(4)).all()


@check
def children_differ():
    first, second = np.random.SeedSequence(5).spawn(2)
    assert np.random.default_rng(first).random() != np.random.default_rng(second).random()
    if hasattr(np.random.Generator, "spawn"):
        first, second = np.random.default_rng(5).spawn(2)
        assert first.random() != second.random()
    bits = np.random.PCG64(5)
    assert np.random.Generator(bits.jumped()).random() != np.random.Generator(bits).random()


@check
def generators_are_pickled_and_copied():
    for same in (lambda it: pickle.loads(pickle.dumps(it)), copy.deepcopy):
        for generator in (
            np.random.RandomState(5),
            np.random.default_rng(5),
            *(np.random.Generator(getattr(np.random, name)(5)) for name in ("MT19937", "PCG64", "Philox", "SFC64")),
        ):
            generator.normal()
            assert same(generator).normal() == generator.normal()
        sequence = np.random.SeedSequence(5)
        assert (same(sequence).generate_state(4) == sequence.generate_state(4)).all()


@check
def state_is_saved_and_restored():
    state = np.random.get_state()
    number = np.random.rand()
    np.random.set_state(state)
    assert np.random.rand() == number
    one, other = np.random.PCG64(5), np.random.PCG64(6)
    other.state = one.state
    assert np.random.Generator(one).random() == np.random.Generator(other).random()


@check
def what_was_no_seed_still_is_none():
    for wrong in ("x", object(), [object()]):
        try:
            np.random.default_rng(wrong if wrong != "x" else {})
        except TypeError:
            continue
        raise AssertionError(wrong)


run()
