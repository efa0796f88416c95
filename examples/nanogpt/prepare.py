"""The text, which nobody edits: what to train on in one place, what to validate on in another.

    python3 prepare.py        once, before any training

The training sandbox is given the first place only, and no network.
"""

import hashlib
import os
import random
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
DATA = Path(os.environ.get("AUTORESEARCH_DATA") or HERE / ".data")
EVAL_DATA = Path(os.environ.get("AUTORESEARCH_EVAL_DATA") or DATA / "eval")

VAL_SHARE = 10  # one part in so many is validated on

# Plays of Shakespeare, 1.1 MB: in the public domain, and on no machine that did not fetch them.
COMMIT = "370cbcd448eb7daf32f21a6be560b70e0b33c4e3"
URL = f"https://raw.githubusercontent.com/karpathy/char-rnn/{COMMIT}/data/tinyshakespeare/input.txt"
SHA256 = "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"

WORDS = 2000  # of the invented language, where nothing can be fetched
FOLLOWERS = 8  # words that may come after a word
SENTENCES = 25_000


def main():
    name, text = find_text()
    # The end of the text, in one piece: random pieces would have trained neighbours.
    split = len(text) - len(text) // VAL_SHARE
    parts = dict(train=text[:split], val=text[split:])
    write(DATA / "train.bin", parts["train"])
    write(EVAL_DATA / "val.bin", parts["val"])
    print(f"text:        {name}")
    for part, content in parts.items():
        print(f"{part}:{len(content):>{18 - len(part)}} bytes, sha256 {hashlib.sha256(content).hexdigest()[:16]}")


def find_text():
    own = os.environ.get("NANOGPT_TEXT")
    if own:
        return own, Path(own).read_bytes()
    try:
        with urllib.request.urlopen(URL, timeout=60) as reply:
            text = reply.read()
    except OSError as error:
        return f"an invented language, because {URL} cannot be read: {error}", invent(random.SystemRandom())
    if hashlib.sha256(text).hexdigest() != SHA256:
        raise SystemExit(f"{URL} is not the text it was")
    return URL, text


def invent(chance):
    """Sentences of a language that nobody knows, because its words and what follows what are drawn without a seed.

    Every preparation invents another one, so its numbers compare with no others.
    """
    letters = "aaabcdeeeefghiiiklmnooprrssttuvw"
    words = ["".join(chance.choices(letters, k=chance.randint(2, 9))) for _ in range(WORDS)]
    followers = [chance.choices(words, k=FOLLOWERS) for _ in words]
    after = dict(zip(words, followers))
    sentences = []
    for _ in range(SENTENCES):
        sentence = [chance.choice(words)]
        for _ in range(chance.randint(3, 12)):
            # An earlier choice is likelier than a later one.
            sentence.append(after[sentence[-1]][min(chance.randrange(FOLLOWERS), chance.randrange(FOLLOWERS))])
        sentences.append(" ".join(sentence).capitalize() + ".")
    return "\n".join(sentences).encode()


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


if __name__ == "__main__":
    main()
