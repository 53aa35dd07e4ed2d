"""For pytest: the names that the examples in vae_course's docstrings may use."""

import jax
import jax.numpy as jnp
import pytest


@pytest.fixture(autouse=True)
def example_names(doctest_namespace):
    """`jax` and `jnp`, as in every notebook."""
    doctest_namespace.update(jax=jax, jnp=jnp)
