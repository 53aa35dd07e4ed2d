"""The lecture as code, a room for each of its steps. Each room imports only those above it.

    compiled         what XLA has compiled is kept for the next kernel
    typed, checks    the types in signatures; every rule about arguments
    progress         how far training is, and the stop button
    data             1,797 digits as arrays
    gaussian         the diagonal Gaussian: log density, draw, KL
    models           decoders, encoders, the VAE
    training         `fit`, and a short climb
    autoencoder      01: encode and decode, and what is best if both are linear
    samples          are new images digits? two roads from one digit to another
    map_latents      02: likelihood, prior, joint, and a latent for each image
    marginal         03: log p(x) and the posterior, on a grid, by sampling, in closed form
    elbo             04, 05: a Gaussian approximation of the posterior, its KL, its bound, its gradients
    aggregate        06: the latents of all images together, and other priors
    likelihoods      06: what else p(x given z) may be, each with its bound and its log p(x)
    losses           the lecture on one sheet: each model's objective
    report_card      06: the decoder trained in six ways, and what each is worth

What shows and asks (claims, tables, figures, explorers, exercises) lives in `vae_course.teaching`.
"""

from jaxtyping import install_import_hook

from vae_course import compiled

compiled.keep()

ROOMS = "data gaussian models training autoencoder samples map_latents marginal elbo aggregate likelihoods"

# The types of every function of these rooms are checked when it is called: see typed.py.
with install_import_hook([f"{__name__}.{room}" for room in ROOMS.split()], "beartype.beartype"):
    from vae_course import (
        aggregate,
        autoencoder,
        data,
        elbo,
        gaussian,
        likelihoods,
        losses,
        map_latents,
        marginal,
        models,
        samples,
    )
    from vae_course.training import TrainingDiverged, fit, fit_starts
