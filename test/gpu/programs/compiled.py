"""A Triton kernel and a compiled model, with nothing in their caches; counts the threads of all processes meanwhile."""

import threading
import time
from pathlib import Path

import torch
import triton
from triton import language as tl

most = 0


def count_threads():
    global most
    while True:
        threads = 0
        for folder in Path("/proc").glob("[0-9]*/task"):
            try:
                threads += len(list(folder.iterdir()))
            except OSError:  # ended meanwhile
                pass
        most = max(most, threads)
        time.sleep(0.05)


@triton.jit
def add(x, y, out, n, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < n
    tl.store(out + offsets, tl.load(x + offsets, mask=mask) + tl.load(y + offsets, mask=mask), mask=mask)


threading.Thread(target=count_threads, daemon=True).start()
x, y = torch.randn(2, 100_000, device="cuda")
out = torch.empty_like(x)
add[(triton.cdiv(x.numel(), 1024),)](x, y, out, x.numel(), BLOCK=1024)
print(f"triton {torch.equal(out, x + y)}")

model = torch.nn.Sequential(torch.nn.Linear(256, 1024), torch.nn.GELU(), torch.nn.Linear(1024, 256)).cuda()
batch = torch.randn(64, 256, device="cuda")
compiled = torch.compile(model)
loss = compiled(batch).square().mean()
loss.backward()
expected = model(batch).square().mean()
print(f"compiled {torch.allclose(loss, expected, rtol=1e-3)}")
print(f"threads {most}")
