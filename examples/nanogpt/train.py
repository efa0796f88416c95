"""The one file the agent edits: a small GPT over bytes, how it learns, and every number in between.

    python3 train.py        trains for the budget, then leaves model.pt for evaluate.py
"""

import math
import os
import resource
import time
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

CUDA = torch.cuda.is_available()

if CUDA:  # what a GPU trains in minutes
    CONTEXT = 512  # bytes the model looks back, at most the 1024 that evaluate.py shows it
    D_MODEL = 512  # width of the residual stream
    DEPTH = 8  # blocks
    HEADS = 8
    BATCH = 64  # windows in one step
    LEARNING_RATE = 1e-3
else:  # what a CPU core trains in seconds
    CONTEXT = 64
    D_MODEL = 64
    DEPTH = 2
    HEADS = 2
    BATCH = 16
    LEARNING_RATE = 3e-3
WARMUP = 0.05  # fraction of the budget in which the rate rises
COOLDOWN = 0.5  # fraction of the budget in which it falls to zero
WEIGHT_DECAY = 0.1  # of matrices
BETA1 = 0.9
BETA2 = 0.95
CLIP = 1.0  # longest gradient
INIT_STD = 0.02  # of the initial weights
ROPE_BASE = 10_000

HERE = Path(__file__).resolve().parent
DATA = Path(os.environ.get("AUTORESEARCH_DATA") or HERE / ".data")
OUT = Path(os.environ.get("AUTORESEARCH_OUT") or HERE / ".data" / "out")
BUDGET_SECONDS = float(os.environ.get("AUTORESEARCH_BUDGET_SECONDS") or 300)
MAX_STEPS = float(os.environ.get("AUTORESEARCH_MAX_STEPS") or math.inf)
SEED = int(os.environ.get("AUTORESEARCH_SEED") or 0)
VOCAB = 2**8  # a token is a byte
DEVICE = "cuda" if CUDA else "cpu"

# ----------------------------------------------------------------------------------------------------------------
# The model


class GPT(nn.Module):
    def __init__(self, d_model=D_MODEL, depth=DEPTH, heads=HEADS, context=CONTEXT):
        super().__init__()
        self.sizes = dict(d_model=d_model, depth=depth, heads=heads, context=context)
        self.embedding = nn.Embedding(VOCAB, d_model)
        self.blocks = nn.ModuleList(Block(d_model, heads) for _ in range(depth))
        self.norm = RMSNorm(d_model)
        self.head = nn.Linear(d_model, VOCAB, bias=False)
        self.register_buffer("angles", rope_angles(context, d_model // heads), persistent=False)
        for module in self.modules():
            if isinstance(module, (nn.Linear, nn.Embedding)):
                nn.init.normal_(module.weight, std=INIT_STD)
        for block in self.blocks:  # a block starts as nothing: the residual stream passes unchanged
            nn.init.zeros_(block.attention.output.weight)
            nn.init.zeros_(block.mlp.output.weight)

    def forward(self, tokens):
        """tokens [B, T] to logits [B, T, VOCAB] for the token after each"""
        angles = self.angles[: tokens.shape[1]]
        x = self.embedding(tokens)
        for block in self.blocks:
            x = block(x, angles)
        return self.head(self.norm(x))


class Block(nn.Module):
    def __init__(self, d_model, heads):
        super().__init__()
        self.attention_norm = RMSNorm(d_model)
        self.attention = Attention(d_model, heads)
        self.mlp_norm = RMSNorm(d_model)
        self.mlp = MLP(d_model)

    def forward(self, x, angles):
        x = x + self.attention(self.attention_norm(x), angles)
        return x + self.mlp(self.mlp_norm(x))


class Attention(nn.Module):
    def __init__(self, d_model, heads):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(d_model, 3 * d_model, bias=False)
        self.output = nn.Linear(d_model, d_model, bias=False)

    def forward(self, x, angles):
        B, T, D = x.shape
        q, k, v = self.qkv(x).view(B, T, 3, self.heads, -1).permute(2, 0, 3, 1, 4)  # each [B, heads, T, D / heads]
        y = causal_attention(rotate(q, angles), rotate(k, angles), v)
        return self.output(y.transpose(1, 2).reshape(B, T, D))


class MLP(nn.Module):
    def __init__(self, d_model):
        super().__init__()
        self.hidden = nn.Linear(d_model, 4 * d_model, bias=False)
        self.output = nn.Linear(4 * d_model, d_model, bias=False)

    def forward(self, x):
        return self.output(F.gelu(self.hidden(x)))


class RMSNorm(nn.Module):
    def __init__(self, d_model):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(d_model))

    def forward(self, x):
        return x * torch.rsqrt(x.float().square().mean(-1, keepdim=True) + 1e-6).type_as(x) * self.gain


def causal_attention(q, k, v):
    """All [B, heads, T, C]; position t sees 0 to t."""
    if hasattr(F, "scaled_dot_product_attention"):  # PyTorch 2
        return F.scaled_dot_product_attention(q, k, v, is_causal=True)
    T = q.shape[2]
    future = torch.ones(T, T, dtype=torch.bool, device=q.device).triu(1)
    scores = q @ k.transpose(2, 3) / math.sqrt(q.shape[3])
    return scores.masked_fill(future, -math.inf).softmax(-1) @ v


def rope_angles(context, channels):
    """How far each pair of channels is turned at each position [context, channels / 2]"""
    frequencies = ROPE_BASE ** -(torch.arange(0, channels, 2) / channels)
    return torch.arange(context)[:, None] * frequencies


def rotate(x, angles):
    """Turns the pairs of channels of x [B, heads, T, C], so that q·k depends on how far apart they are."""
    cos, sin = angles.cos(), angles.sin()
    a, b = x.chunk(2, dim=-1)
    return torch.cat((a * cos - b * sin, a * sin + b * cos), dim=-1).type_as(x)


# ----------------------------------------------------------------------------------------------------------------
# Learning


def train(model, text):
    """Returns the number of steps, and the seconds they took."""
    optimizer = build_optimizer(model)
    # Compilation is inside the budget.
    forward = torch.compile(model) if CUDA and hasattr(torch, "compile") else model
    start = time.monotonic()
    step, progress, reported, recent = 0, 0.0, 0.0, []
    while progress < 1:
        for group in optimizer.param_groups:
            group["lr"] = LEARNING_RATE * rate(progress)
        recent.append(train_step(model, forward, optimizer, text))
        step += 1
        progress = max((time.monotonic() - start) / BUDGET_SECONDS, step / MAX_STEPS)
        if progress >= reported + 0.02 or step == 1:  # about fifty lines in a run
            reported = progress
            bits = sum(recent) / len(recent) / math.log(2)  # like val_bpb
            print(f"step {step}  loss {bits:.4f}", flush=True)
            recent = []
    return step, time.monotonic() - start


def train_step(model, forward, optimizer, text):
    inputs, targets = sample_batch(text)
    with torch.autocast(DEVICE, dtype=torch.bfloat16, enabled=CUDA):
        logits = forward(inputs)
    loss = F.cross_entropy(logits.float().flatten(0, 1), targets.flatten())
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), CLIP)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return loss.item()  # waits for the GPU, which keeps the clock honest


def sample_batch(text):
    """Random places in the text: CONTEXT bytes from each, and the same one byte further [BATCH, CONTEXT]"""
    places = torch.randint(len(text) - CONTEXT, (BATCH, 1), device=DEVICE)
    windows = text[places + torch.arange(CONTEXT + 1, device=DEVICE)].long()
    return windows[:, :-1], windows[:, 1:]


def build_optimizer(model):
    matrices = [p for p in model.parameters() if p.ndim >= 2]
    vectors = [p for p in model.parameters() if p.ndim < 2]
    groups = [dict(params=matrices, weight_decay=WEIGHT_DECAY), dict(params=vectors, weight_decay=0.0)]
    return torch.optim.AdamW(groups, lr=LEARNING_RATE, betas=(BETA1, BETA2))


def rate(progress):
    """Up, flat, down to zero. progress: the fraction of the budget that is used"""
    return min(1.0, (progress + 0.001) / WARMUP, (1 - progress) / COOLDOWN)


# ----------------------------------------------------------------------------------------------------------------
# What evaluate.py asks for


def load_model(path):
    """The trained model as a function: windows of bytes [B, 1024], a numpy array, to logits [B, 256] for the next."""
    saved = torch.load(path, map_location=DEVICE)
    model = GPT(**saved["sizes"]).to(DEVICE).eval()
    model.load_state_dict(saved["weights"])

    @torch.no_grad()
    def next_byte(windows):
        tokens = torch.from_numpy(windows[:, -saved["sizes"]["context"] :]).long().to(DEVICE)
        with torch.autocast(DEVICE, dtype=torch.bfloat16, enabled=CUDA):
            return model(tokens)[:, -1].float().cpu().numpy()

    return next_byte


# ----------------------------------------------------------------------------------------------------------------
# The run


def main():
    torch.manual_seed(SEED)
    text = torch.frombuffer(bytearray(read(DATA / "train.bin")), dtype=torch.uint8).to(DEVICE)
    model = GPT().to(DEVICE)
    num_steps, seconds = train(model, text)
    OUT.mkdir(parents=True, exist_ok=True)
    torch.save(dict(sizes=model.sizes, weights=model.state_dict()), OUT / "model.pt")

    print("---")
    print(f"training_seconds: {seconds:.1f}")
    print(f"num_steps:        {num_steps}")
    print(f"num_params_M:     {sum(p.numel() for p in model.parameters()) / 1e6:.3f}")
    print(f"tokens_M:         {num_steps * BATCH * CONTEXT / 1e6:.3f}")
    print(f"peak_memory_mb:   {peak_memory_mb():.0f}")


def read(path):
    if not path.exists():
        raise SystemExit(f'{path} is missing: run "python3 prepare.py" first')
    return path.read_bytes()


def peak_memory_mb():
    if CUDA:
        return torch.cuda.max_memory_allocated() / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10


if __name__ == "__main__":
    main()
