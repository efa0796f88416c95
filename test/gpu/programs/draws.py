"""What a script draws on the device, as JSON: plain, by dropout, and in a compiled function."""

import json

import torch
from torch.nn import functional as F

torch.manual_seed(5)
ones = torch.ones(8, device="cuda")


@torch.compile
def drawn_by_compiled(x):
    return F.dropout(x, 0.5) + torch.rand_like(x)


print(
    json.dumps(
        {
            "randn": torch.randn(4, device="cuda").tolist(),
            "dropout": F.dropout(torch.ones(64, device="cuda"), 0.5).tolist(),
            "generator": torch.randn(
                4, device="cuda", generator=torch.Generator("cuda").manual_seed(5)
            ).tolist(),
            "compiled": drawn_by_compiled(ones).tolist(),
        }
    )
)
