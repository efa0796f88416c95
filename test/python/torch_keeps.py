"""What scripts do with torch's generators besides seeding."""

import copy
import pickle
import random

import torch
from checks import check, run
from torch.utils.data import DataLoader, Dataset, RandomSampler, TensorDataset, random_split

CURRENT = int(torch.__version__.split(".")[0]) >= 2


class Noise(Dataset):
    """Draws in the worker from every global generator."""

    def __len__(self):
        return 8

    def __getitem__(self, index):
        return torch.tensor([torch.rand(1).item(), random.random()], dtype=torch.float64)


@check
def functions_take_a_generator():
    generator = torch.Generator().manual_seed(5)
    torch.randn(3, generator=generator)
    torch.randperm(9, generator=generator)
    torch.randint(9, (3,), generator=generator)
    torch.bernoulli(torch.full((3,), 0.5), generator=generator)
    torch.multinomial(torch.ones(3), 2, generator=generator)
    torch.empty(3).uniform_(generator=generator)
    torch.rand(3, generator=torch.default_generator)
    random_split(range(10), [6, 4], generator=generator)


@check
def a_generator_is_a_torch_generator():
    for generator in (torch.Generator(), torch.Generator("cpu"), torch.default_generator, torch.manual_seed(5)):
        assert isinstance(generator, torch.Generator) and isinstance(generator, torch._C.Generator)
        assert issubclass(type(generator), torch.Generator) and generator.device == torch.device("cpu")
    assert not isinstance(5, torch.Generator)
    assert torch.Generator().manual_seed(5) is not None


@check
def a_subclass_of_the_scripts_own_is_told_apart():
    class Own(torch.Generator):
        pass

    assert isinstance(Own(), Own) and isinstance(Own(), torch.Generator)
    assert not isinstance(torch.Generator(), Own)
    one, other = Own().manual_seed(5), torch.Generator().manual_seed(5)
    assert torch.rand(1, generator=one) == torch.rand(1, generator=other)


@check
def a_global_seed_and_a_generator_with_that_seed_agree():
    torch.manual_seed(5)
    assert torch.rand(1) == torch.rand(1, generator=torch.Generator().manual_seed(5))


@check
def the_seed_that_is_reported_fits_64_signed_bits_and_is_the_one_in_use():
    for seed in (torch.seed(), torch.initial_seed(), torch.Generator().seed(), torch.manual_seed(-1).initial_seed()):
        torch.tensor(seed)
    assert torch.seed() == torch.initial_seed()


@check
def state_is_saved_and_restored():
    state = torch.get_rng_state()
    numbers = torch.rand(3)
    torch.set_rng_state(state)
    assert torch.equal(torch.rand(3), numbers)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
    generator = torch.Generator().manual_seed(5)
    other = torch.Generator()
    other.set_state(generator.get_state())
    assert torch.rand(1, generator=generator) == torch.rand(1, generator=other)


@check
def a_generator_is_pickled_and_copied_where_torch_can():
    if not CURRENT:
        return
    for same in (lambda it: pickle.loads(pickle.dumps(it)), copy.copy, copy.deepcopy):
        generator = torch.Generator().manual_seed(5)
        torch.rand(1, generator=generator)
        twin = same(generator)
        assert isinstance(twin, torch.Generator) and torch.rand(1, generator=twin) == torch.rand(1, generator=generator)


@check
def seeding_the_gpus_of_a_machine_without_any_is_harmless():
    torch.cuda.manual_seed(5)
    torch.cuda.manual_seed_all(5)
    torch.cuda.seed()
    torch.cuda.seed_all()


def loaded(**options):
    torch.manual_seed(5)
    return torch.cat(list(DataLoader(Noise(), batch_size=2, **options))).tolist()


@check
def a_data_loader_follows_the_seed_without_workers():
    random.seed(5)
    first = loaded(shuffle=True)
    random.seed(5)
    assert loaded(shuffle=True) == first


@check
def a_data_loader_follows_the_seed_with_workers_that_draw_different_numbers():
    first = loaded(num_workers=2)
    assert loaded(num_workers=2) == first
    assert len({number for row in first for number in row}) == 16


@check
def a_data_loader_takes_a_generator():
    def order(workers):
        data = TensorDataset(torch.arange(20))
        generator = torch.Generator().manual_seed(5)
        loader = DataLoader(data, batch_size=5, shuffle=True, generator=generator, num_workers=workers)
        return torch.cat([batch for [batch] in loader]).tolist()

    assert order(0) == order(2) and sorted(order(0)) == list(range(20))
    assert sorted(RandomSampler(range(9), generator=torch.Generator())) == list(range(9))


@check
def a_compiled_function_takes_and_makes_a_generator():
    if not hasattr(torch, "compile"):
        return

    def taking(x, generator):
        return x + torch.rand(3, generator=generator)

    def making(x):
        return x + torch.rand(3, generator=torch.Generator().manual_seed(5))

    def seeding(x):
        torch.manual_seed(5)
        return x + torch.rand(3)

    zero = torch.zeros(3)
    compiled = [
        torch.compile(taking, backend="eager")(zero, torch.Generator().manual_seed(5)),
        torch.compile(making, backend="eager")(zero),
        torch.compile(seeding, backend="eager")(zero),
    ]
    assert all(torch.equal(one, making(zero)) for one in compiled)


if __name__ == "__main__":
    run()
