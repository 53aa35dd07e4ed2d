"""What holds for every unit test."""

import jax

# A mistake in shapes shows up as silent broadcasting more often than as an error.
jax.config.update("jax_numpy_rank_promotion", "raise")
jax.config.update("jax_debug_nans", False)
# Much is compiled here to be run once, on small arrays: without optimising, that takes a seventh less time.
jax.config.update("jax_disable_most_optimizations", True)
