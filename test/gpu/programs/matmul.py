"""The best of several timings of a bf16 matrix product, in TFLOP/s."""

import time

import torch

SIZE = 8192
a, b = (torch.randn(SIZE, SIZE, device="cuda", dtype=torch.bfloat16) for _ in range(2))
seconds = []
for _ in range(8):
    torch.cuda.synchronize()
    start = time.monotonic()
    for _ in range(20):
        a @ b
    torch.cuda.synchronize()
    seconds.append((time.monotonic() - start) / 20)
print(f"tflops {2 * SIZE**3 / min(seconds) / 1e12:.1f}")
