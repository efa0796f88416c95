"""The judge, which nobody edits: asks the trained model for the next byte, and prints val_bpb.

It never imports train.py. The candidate's code runs elsewhere, in serve.py, which gets neither the memory nor the output
of this process, nor the file with the answers. Questions go into the pipe that AUTORESEARCH_ASK names, and what the model
answers comes on standard input.
"""

import os
import sys
import time
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
DATA = Path(os.environ.get("AUTORESEARCH_DATA") or HERE / ".data")
EVAL_DATA = Path(os.environ.get("AUTORESEARCH_EVAL_DATA") or DATA / "eval")

TARGETS = int(os.environ.get("NANOGPT_TARGETS") or 4096)  # bytes to predict in one evaluation
STREAMS = 64  # bytes to predict in one request
WINDOW = 1024  # bytes the model is shown before each of them; it may look at fewer
VOCAB = 256
UNUSABLE = 65  # the exit code that blames the model


def main():
    start = time.monotonic()
    val = np.frombuffer(read(EVAL_DATA / "val.bin"), dtype=np.uint8)
    with open(os.environ["AUTORESEARCH_ASK"], "wb") as questions:
        bits = np.concatenate([surprise(ask(questions, windows), answers) for windows, answers in rounds(val)])
    print("---")
    print(f"val_bpb:      {bits.mean():.6f}")
    print(f"val_targets:  {len(bits)}")
    print(f"eval_seconds: {time.monotonic() - start:.1f}")


def read(path):
    if not path.exists():
        raise SystemExit(f'{path} is missing: run "python3 prepare.py" first')
    return path.read_bytes()


def rounds(val):
    """Windows [STREAMS, WINDOW] and the byte that follows each [STREAMS], spread evenly over the text.

    Every stream walks forward through a piece of its own. So a byte is shown only after the model has answered for
    it: no window, of this round or an earlier one, holds an answer that is still to be given.
    """
    length = len(val) // STREAMS
    count = TARGETS // STREAMS
    if length < WINDOW + count:
        raise SystemExit(f"{len(val)} bytes to validate on, at least {STREAMS * (WINDOW + count)} are needed")
    pieces = val[: STREAMS * length].reshape(STREAMS, length)
    for place in np.linspace(WINDOW, length - 1, count).astype(int):
        yield pieces[:, place - WINDOW : place], pieces[:, place]


def surprise(logits, answers):
    """-log2 softmax(logits)[answer] for every row, in float64"""
    logits = logits.astype(np.float64)
    logits -= logits.max(axis=1, keepdims=True)
    nats = np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(len(answers)), answers]
    return nats / np.log(2)


def ask(questions, windows):
    """windows [STREAMS, WINDOW] to logits [STREAMS, VOCAB], which may be anything but are finite"""
    try:
        questions.write(windows.tobytes())
        questions.flush()
    except BrokenPipeError:
        refuse("it ended before all questions were asked")
    shape = sys.stdin.buffer.readline(100)
    if not shape:
        refuse("it gave no answer")
    if shape != b"[%d, %d]\n" % (STREAMS, VOCAB):
        refuse(f"its logits do not have the shape [{STREAMS}, {VOCAB}]")
    answer = sys.stdin.buffer.read(STREAMS * VOCAB * 4)
    if len(answer) < STREAMS * VOCAB * 4:
        refuse("it broke off in the middle of an answer")
    logits = np.frombuffer(answer, dtype=np.float32).reshape(STREAMS, VOCAB)
    if not np.isfinite(logits).all():
        refuse("its logits are not finite")
    return logits


def refuse(reason):
    print(f"refused: {reason}", file=sys.stderr)
    os._exit(UNUSABLE)  # also where the model no longer reads


if __name__ == "__main__":
    main()
