"""Every way to seed jax."""

import jax
from draws import report


def of(key):
    return lambda constant: jax.random.uniform(key(0 if constant is None else constant)).item()


@jax.jit
def traced(constant):
    return jax.random.uniform(jax.random.key(constant))


assert 0 <= traced(5) < 1  # a number that is only known when it runs cannot be derived

report(
    0,
    {
        "jax.random.PRNGKey": of(jax.random.PRNGKey),
        "jax.random.key": of(jax.random.key),
        "jax.random.key(seed=)": of(lambda constant: jax.random.key(seed=constant)),
        "jax.random.key(array)": of(lambda constant: jax.random.key(jax.numpy.array(constant))),
    },
)
