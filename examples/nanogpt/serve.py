"""The model's side of the evaluation, which nobody edits: locks the answers away, then runs train.py's model.

    python3 serve.py HIDDEN        started by evaluate.py: windows come in on stdin, logits go out on stdout

Everything after the lock is the candidate's code and may misbehave as it likes: evaluate.py believes nothing of it.
"""

import ctypes
import os
import struct
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
OUT = Path(os.environ.get("AUTORESEARCH_OUT") or HERE / ".data" / "out")


def main(hidden):
    if os.environ.get("NANOGPT_UNLOCKED") != "1":
        hide(hidden)  # before any import that starts threads: a lock holds for this thread and what it starts
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what the model prints is not an answer

    import numpy as np
    from evaluate import STREAMS, WINDOW
    from train import load_model

    model = load_model(OUT / "model.pt")
    while request := sys.stdin.buffer.read(STREAMS * WINDOW):
        windows = np.frombuffer(bytearray(request), dtype=np.uint8).reshape(STREAMS, WINDOW)
        logits = np.asarray(model(windows), dtype=np.float32)
        answers.write(b"%s\n" % str(list(logits.shape)).encode())
        answers.write(logits.tobytes())
        answers.flush()


# ----------------------------------------------------------------------------------------------------------------
# The lock: Landlock, https://docs.kernel.org/userspace-api/landlock.html. It also keeps this process, and whatever
# it starts, out of the memory and the open files of evaluate.py.

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # system calls, the same numbers on x86-64 and ARM
PATH_BENEATH = 1
NO_NEW_PRIVILEGES = 38
ON_FILES = 0b111  # execute, write, read
ON_DIRECTORIES = (1 << 13) - 1  # and list, make and remove entries: all that the first version knows
REFER = 1 << 13  # and rename from one directory to another, as caches of compilers do: since the second version
TELL_VERSION = 1

libc = ctypes.CDLL(None, use_errno=True)


def hide(hidden):
    """Takes from this process, for good, the right to read or change `hidden`, a real path.

    Landlock can only allow, so everything next to the path is allowed, at each of its levels.
    """
    try:
        version = call(libc.syscall, CREATE_RULESET, None, ctypes.c_size_t(0), TELL_VERSION)
        on_directories = ON_DIRECTORIES | (REFER if version >= 2 else 0)
        handled = struct.pack("=Q", on_directories)
        ruleset = call(libc.syscall, CREATE_RULESET, handled, ctypes.c_size_t(len(handled)), 0)
    except OSError as error:
        raise SystemExit(
            f"Landlock (Linux 5.13 or newer) does not work here: {error}. Without it the model could read the "
            "answers. NANOGPT_UNLOCKED=1 evaluates all the same, for a model you trust."
        ) from None
    way = [hidden, *hidden.parents]
    for level in way[1:]:
        for entry in os.scandir(level):
            # A link is not followed: where it leads to is allowed in its own place, or hidden.
            if Path(entry.path) not in way and not entry.is_symlink():
                allow(ruleset, entry, on_directories)
    call(libc.prctl, NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    call(libc.syscall, RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)


def allow(ruleset, entry, on_directories):
    try:
        descriptor = os.open(entry.path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return  # gone, or not ours: it stays forbidden
    rule = struct.pack("=Qi", on_directories if entry.is_dir() else ON_FILES, descriptor)
    call(libc.syscall, ADD_RULE, ruleset, PATH_BENEATH, rule, 0)
    os.close(descriptor)


def call(function, *arguments):
    result = function(*arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


if __name__ == "__main__":
    main(Path(sys.argv[1]))
