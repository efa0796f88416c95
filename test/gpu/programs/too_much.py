"""Asks for more memory than any device has."""

import torch

torch.empty(1 << 42, dtype=torch.uint8, device="cuda")
