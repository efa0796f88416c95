"""What scripts do with the standard library's generators besides seeding."""

import copy
import importlib
import os
import pickle
import random
import tempfile

from checks import check, run


@check
def state_is_saved_and_restored():
    state = random.getstate()
    numbers = [random.random(), random.random()]
    random.setstate(state)
    assert [random.random(), random.random()] == numbers


@check
def generators_are_pickled_and_copied():
    for same in (lambda it: pickle.loads(pickle.dumps(it)), copy.copy, copy.deepcopy):
        generator = random.Random(5)
        generator.random()
        assert same(generator).random() == generator.random()


@check
def the_global_functions_share_one_generator():
    random.seed(5)
    assert random.random() == random.Random(5).random()
    pickle.loads(pickle.dumps(random.seed))(5)


@check
def the_same_number_of_another_type_is_the_same_seed():
    assert random.Random(True).random() == random.Random(1).random()
    assert random.Random("1").random() != random.Random(1).random()


@check
def a_subclass_with_its_own_seed_is_left_alone():
    class Counter(random.Random):
        def seed(self, *arguments):
            self.seeds = arguments

        def random(self):
            return 0.25

    assert Counter(5).random() == 0.25 and Counter(5).seeds == (5,)


@check
def the_system_generator_still_draws_from_the_system():
    assert random.SystemRandom(5).random() != random.SystemRandom(5).random()


@check
def file_names_do_not_follow_the_seed():
    names = tempfile._RandomNameSequence()
    assert isinstance(names.rng, random.SystemRandom) and len(next(names)) == 8


@check
def a_forked_child_draws_other_numbers_than_its_parent_and_sibling():
    def child():
        reading, writing = os.pipe()
        if os.fork() == 0:
            os.write(writing, repr([random.random(), random.Random().random()]).encode())
            os._exit(0)
        os.wait()
        return os.read(reading, 100)

    children = [child(), child()]
    assert len({*children, repr([random.random(), random.Random().random()]).encode()}) == 3


@check
def reloading_the_module_keeps_the_shim():
    before = random.Random(5).random()
    assert importlib.reload(random).Random(5).random() == before


run()
