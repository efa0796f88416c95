"""What JAX draws from constant seeds, as JSON."""

import json

import jax
import jax.random
from jax import numpy as jnp


def draw(key):
    return [float(number) for number in jax.random.normal(key, (3,))]


def seeded(seed):
    return {"key": draw(jax.random.key(seed)), "PRNGKey": draw(jax.random.PRNGKey(seed))}


print(
    json.dumps(
        {
            "five": seeded(5),
            "again": seeded(jnp.int32(5)),
            "six": seeded(6),
            "keyword": draw(jax.random.key(seed=5)),
            "compiled": draw(jax.jit(lambda seed: jax.random.key(seed))(5)),
            "split": draw(jax.random.split(jax.random.key(5))[1]),
        }
    )
)
