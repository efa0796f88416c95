"""The judge, which nobody edits: asks the trained model for the next byte, and prints val_bpb.

    python3 evaluate.py        after train.py

It never imports train.py. The candidate's code runs in another process, serve.py, which gets neither the memory
nor the output of this one, nor the file with the answers.
"""

import os
import subprocess
import sys
import threading
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
LAST_WORDS = 4000  # bytes of what the model printed that are repeated when it is refused


def main():
    start = time.monotonic()
    val = np.frombuffer(read(EVAL_DATA / "val.bin"), dtype=np.uint8)
    with Model(hidden=EVAL_DATA) as model:
        bits = np.concatenate([surprise(model.ask(windows), answers) for windows, answers in rounds(val)])
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


class Model:
    """The trained model, in a process of its own."""

    def __init__(self, hidden):
        self.process = subprocess.Popen(
            [sys.executable, "-u", HERE / "serve.py", hidden.resolve()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.last_words = b""
        self.listener = threading.Thread(target=self.listen, daemon=True)
        self.listener.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def listen(self):
        while words := self.process.stderr.read1():
            self.last_words = (self.last_words + words)[-LAST_WORDS:]

    def ask(self, windows):
        """windows [STREAMS, WINDOW] to logits [STREAMS, VOCAB], which may be anything but are finite"""
        try:
            self.process.stdin.write(windows.tobytes())
            self.process.stdin.flush()
        except BrokenPipeError:
            self.refuse("it ended before all questions were asked")
        shape = self.process.stdout.readline(100)
        if not shape:
            self.refuse("it gave no answer")
        if shape != b"[%d, %d]\n" % (STREAMS, VOCAB):
            received = ascii(shape.decode("latin-1").strip())
            self.refuse(f"its logits have the shape {received}, not [{STREAMS}, {VOCAB}]")
        answer = self.process.stdout.read(STREAMS * VOCAB * 4)
        if len(answer) < STREAMS * VOCAB * 4:
            self.refuse("it broke off in the middle of an answer")
        logits = np.frombuffer(answer, dtype=np.float32).reshape(STREAMS, VOCAB)
        if not np.isfinite(logits).all():
            self.refuse("its logits are not finite")
        return logits

    def refuse(self, reason):
        """Ends the evaluation. What the model printed is quoted line by line, so none of it can pass for a metric."""
        self.process.kill()
        self.listener.join(timeout=1)  # a second, should it have left a process behind that still holds stderr
        lines = self.last_words.decode("latin-1").split("\n")
        quoted = "\n".join(f"  model| {ascii(line)[1:-1]}" for line in lines if line)
        raise SystemExit(f"refused: {reason}\n{quoted}".rstrip())


if __name__ == "__main__":
    main()
