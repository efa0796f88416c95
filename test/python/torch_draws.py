"""Every way to seed torch, without a GPU."""

import torch
from torch import Generator, manual_seed

from draws import report, seed_with

unseeded = [torch.rand(1).item(), torch.rand(1, generator=Generator()).item()]


def globally(seed, seed_without_argument=torch.seed):
    def draw(constant):
        seed_without_argument() if constant is None else seed(constant)
        return [*torch.rand(2).tolist(), torch.randn(1).item(), torch.initial_seed()]

    return draw


def of(make, seed=lambda generator, constant: generator.manual_seed(constant)):
    def draw(constant):
        generator = make()
        generator.seed() if constant is None else seed(generator, constant)
        return [torch.rand(1, generator=generator).item(), generator.initial_seed()]

    return draw


report(
    unseeded,
    {
        "torch.manual_seed": globally(torch.manual_seed),
        "from torch import manual_seed": globally(manual_seed),
        "torch.manual_seed(seed=)": globally(lambda constant: torch.manual_seed(seed=constant)),
        "torch.manual_seed(tensor)": globally(lambda constant: torch.manual_seed(torch.tensor(constant))),
        "torch.manual_seed(negative)": globally(lambda constant: torch.manual_seed(-constant)),
        "torch.random.manual_seed": globally(torch.random.manual_seed, torch.random.seed),
        "torch.default_generator.manual_seed": globally(
            torch.default_generator.manual_seed, torch.default_generator.seed
        ),
        "the generator that manual_seed returns": globally(lambda constant: torch.manual_seed(1).manual_seed(constant)),
        "torch.Generator().manual_seed": of(torch.Generator),
        "from torch import Generator": of(Generator),
        "torch.Generator('cpu')": of(lambda: torch.Generator("cpu")),
        "torch.Generator(device=)": of(lambda: torch.Generator(device=torch.device("cpu"))),
    },
)
