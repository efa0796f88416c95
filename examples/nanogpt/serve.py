"""The model's side of the evaluation, which nobody edits: runs train.py's model for evaluate.py.

Windows come in on standard input, logits go out on standard output. The harness runs this file in a sandbox of its own,
without the text to validate on. What train.py does in here is its own affair: evaluate.py believes nothing of it.
"""

import os
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
OUT = Path(os.environ.get("AUTORESEARCH_OUT") or HERE / ".data" / "out")
STREAMS, WINDOW = 64, 1024  # as in evaluate.py

answers = os.fdopen(os.dup(1), "wb")
os.dup2(2, 1)  # what the model prints, even when it is imported, is not an answer

from train import load_model  # noqa: E402

model = load_model(OUT / "model.pt")
while request := sys.stdin.buffer.read(STREAMS * WINDOW):
    windows = np.frombuffer(bytearray(request), dtype=np.uint8).reshape(STREAMS, WINDOW)
    logits = np.asarray(model(windows), dtype=np.float32)
    answers.write(b"%s\n" % str(list(logits.shape)).encode())
    answers.write(logits.tobytes())
    answers.flush()
