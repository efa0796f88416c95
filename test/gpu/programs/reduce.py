"""Sums over the processes of a job: python3 reduce.py BACKEND PROCESSES"""

import sys

import torch
from torch import distributed, multiprocessing


def work(rank, backend, processes):
    distributed.init_process_group(
        backend, init_method="tcp://127.0.0.1:29511", rank=rank, world_size=processes
    )
    number = torch.tensor([rank + 1.0], device="cuda" if backend == "nccl" else "cpu")
    distributed.all_reduce(number)
    if rank == 0:
        print(f"{backend} {number.item()}")
    distributed.destroy_process_group()


if __name__ == "__main__":
    backend, processes = sys.argv[1], int(sys.argv[2])
    multiprocessing.spawn(work, (backend, processes), processes)
