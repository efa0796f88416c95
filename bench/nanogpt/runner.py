"""Runs train.py many times without importing PyTorch each time: forks for every line of JSON on standard input.

A line holds `folder`, `arguments` and `seed`. The answer is one line of JSON: the exit code, the output and the processor seconds.
"""

import json
import os
import runpy
import sys
import tempfile

import numpy  # noqa: F401
import torch
import torch.nn.functional  # noqa: F401

torch.set_num_threads(1)
real_seed = torch.manual_seed


def run(folder, arguments, seed, output):
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.chdir(folder)
    sys.path.insert(0, folder)
    sys.argv = ["train.py", *arguments]
    # Seeds belong to the harness, whatever constant the script passes.
    torch.manual_seed = lambda _: real_seed(seed)
    runpy.run_path("train.py", run_name="__main__")


for line in sys.stdin:
    task = json.loads(line)
    with tempfile.TemporaryFile() as output:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                run(task["folder"], task["arguments"], task["seed"], output.fileno())
                code = 0
            except BaseException as error:  # noqa: BLE001
                os.write(2, f"{type(error).__name__}: {error}\n".encode())
            finally:
                sys.stdout.flush()
                os._exit(code)
        _, status, usage = os.wait4(child, 0)
        output.seek(0)
        text = output.read().decode(errors="replace")
    answer = {
        "code": os.waitstatus_to_exitcode(status),
        "output": text,
        "seconds": usage.ru_utime + usage.ru_stime,
    }
    print(json.dumps(answer), flush=True)
