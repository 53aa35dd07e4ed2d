"""log p(x) of 300 images as a sum over a grid: the course against NumPy, PyTorch and scikit-learn.

Each gets the decoder's weights, the grid and the images, decodes the grid and sums. The sum is the density of
a mixture of Gaussians, one for each cell, with the prior's mass in the cell as its weight. So scikit-learn's
GaussianMixture, its parameters set and not fitted, and KernelDensity with `sample_weight` compute the same.
"""

import contextlib
import functools
import math
import os
import statistics
import tempfile
import time

import equinox as eqx
import jax
import numpy as np
import optax
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import KernelDensity

from benchmarks.page import at_their_best, goal, plain, spread, table
from benchmarks.training import page_code
from benchmarks.workers import THREADS, peak, peers, turns, worker
from vae_course import data, fit, losses, marginal, models

TITLE = "The exact log p(x)"
HALF_WIDTH, BLOCK = 5.0, 16
LONG = 5.0  # s: what takes longer is measured twice, not more
TOLERANCE = 0.001  # nats


def with_course(vae, Z, log_weights, X):
    """`DecodedGrid` and `for_each`."""
    side = math.isqrt(len(Z))
    plane = marginal.DecodedGrid(vae.decoder, marginal.latent_grid(side, HALF_WIDTH))
    return marginal.for_each(plane.log_marginal, X)


def numpy_images(vae, Z):
    """What the decoder makes of the points Z, and sigma."""
    one, two, three = [(np.array(a.weight), np.array(a.bias)) for a in vae.decoder.decoder.mlp.layers]
    for weight, bias in (one, two):
        Z = np.tanh(Z @ weight.T + bias)
    return 1 / (1 + np.exp(-(Z @ three[0].T + three[1]))), float(vae.decoder.sigma)


def log_sum_exp(logs):
    """Along the last axis, in place."""
    top = logs.max(axis=-1, keepdims=True)
    logs -= top
    return np.log(np.exp(logs, out=logs).sum(axis=-1)) + top[..., 0]


def constant(sigma):
    """The logarithm of the Gaussian's denominator."""
    return 64 * (math.log(sigma) + 0.5 * math.log(2 * math.pi))


def with_numpy(vae, Z, log_weights, X):
    """Squared distances by one matrix product, a few images at a time."""
    images, sigma = numpy_images(vae, Z)
    heights, found = log_weights - (images**2).sum(axis=1) / (2 * sigma**2), []
    for x in np.split(X, range(BLOCK, len(X), BLOCK)):
        logs = (x / sigma**2) @ images.T
        logs += heights
        found.append(log_sum_exp(logs) - (x**2).sum(axis=1) / (2 * sigma**2))
    return np.concatenate(found) - constant(sigma)


def with_numpy_differences(vae, Z, log_weights, X):
    """An image at a time, less every decoded image."""
    images, sigma = numpy_images(vae, Z)
    logs = (log_weights - ((x - images) ** 2).sum(axis=1) / (2 * sigma**2) for x in X)
    return np.array([log_sum_exp(each) for each in logs]) - constant(sigma)


def torch_images(vae, Z):
    """The page's decoder with our weights, and what it makes of the points Z."""
    import torch

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    page = page_code("torch")
    theirs = page["VAE"]()
    page["put_in"](theirs, vae)
    with torch.no_grad():
        return theirs.decoder(torch.from_numpy(Z)), float(theirs.log_sigma.exp())


def with_torch(vae, Z, log_weights, X):
    """As NumPy's, with `torch.logsumexp`."""
    import torch

    images, sigma = torch_images(vae, Z)
    with torch.inference_mode():
        X, found = torch.from_numpy(X), []
        heights = torch.from_numpy(log_weights) - (images**2).sum(1) / (2 * sigma**2)
        for x in X.split(BLOCK):
            logs = torch.addmm(heights, x / sigma**2, images.T)
            found.append(torch.logsumexp(logs, 1) - (x**2).sum(1) / (2 * sigma**2))
        return torch.cat(found).numpy() - constant(sigma)


def with_torch_mixture(vae, Z, log_weights, X):
    """`MixtureSameFamily`, the mixture of torch.distributions, a few images at a time."""
    import torch
    from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal

    images, sigma = torch_images(vae, Z)
    with torch.inference_mode():
        weights, parts = Categorical(logits=torch.from_numpy(log_weights)), Normal(images, sigma)
        mixture = MixtureSameFamily(weights, Independent(parts, 1))
        return torch.cat([mixture.log_prob(x) for x in torch.from_numpy(X).split(4)]).numpy()


def with_gaussian_mixture(vae, Z, log_weights, X):
    """scikit-learn's GaussianMixture, with its parameters set by hand."""
    images, sigma = numpy_images(vae, Z)
    mixture = GaussianMixture(len(Z), covariance_type="spherical")
    mixture.weights_ = np.exp(log_weights) / np.exp(log_weights).sum(dtype=np.float64)
    mixture.means_ = images
    mixture.covariances_ = np.full(len(Z), sigma**2, np.float32)
    mixture.precisions_cholesky_ = np.full(len(Z), 1 / sigma, np.float32)
    return mixture.score_samples(X)


def with_kernel_density(vae, Z, log_weights, X):
    """scikit-learn's KernelDensity, whose bandwidth is sigma.

    In one leaf: with more of them its bounds cancel, and images far from all are tens of nats off.
    """
    images, sigma = numpy_images(vae, Z)
    density = KernelDensity(bandwidth=sigma, rtol=0, atol=0, leaf_size=len(Z))
    return density.fit(images, sample_weight=np.exp(log_weights)).score_samples(X)


CONTENDERS = {  # and the numbers of threads that make sense
    "the course": (with_course, THREADS),
    "NumPy, matrix product": (with_numpy, THREADS),
    "NumPy, differences": (with_numpy_differences, THREADS[-1:]),
    "PyTorch, matrix product": (with_torch, THREADS),
    "PyTorch, `MixtureSameFamily`": (with_torch_mixture, THREADS[-1:]),
    "scikit-learn, `GaussianMixture`": (with_gaussian_mixture, THREADS[-1:]),
    "scikit-learn, `KernelDensity`": (with_kernel_density, THREADS[-1:]),
}


def grid_points(n, dtype=np.float32):
    """The middles of n x n cells, z1 fastest, and the log of the prior's mass in each."""
    axis = (np.arange(n) + 0.5) * (2 * HALF_WIDTH / n) - HALF_WIDTH
    Z = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    log_weights = -(Z**2).sum(axis=1) / 2 - math.log(2 * math.pi) + 2 * math.log(2 * HALF_WIDTH / n)
    return Z.astype(dtype), log_weights.astype(dtype)


# The next three run in the workers.


def train(file):
    """Store a VAE that was trained for a while."""
    options = {"steps": 1000, "batch_size": 128, "optimizer": optax.adam(3e-3), "key": jax.random.key(0)}
    run = fit(models.new_vae(0), losses.vae_loss, data.load_digits().train_images, **options)
    eqx.tree_serialise_leaves(file, run.model)


@functools.cache
def prepared(file):
    """The VAE, the held-out images, and the memory (MB) that this alone needs."""
    return eqx.tree_deserialise_leaves(file, models.new_vae(0)), data.load_digits().test_images, peak()


def log_p(name, file, n, images, dtype=np.float32):
    """(all log p(x) on n x n points, seconds, memory)."""
    vae, X, before = prepared(file)
    Z, log_weights = grid_points(n, dtype)
    X = X[:images] if name == "the course" else np.array(X[:images], dtype)
    f, _ = CONTENDERS[name]
    begin = time.perf_counter()
    found = np.array(f(vae, Z, log_weights, X))
    return found, time.perf_counter() - begin, peak() - before


def measure(options):
    """Everything in turns: first on the coarse grid, then on the fine one, where more memory is needed."""
    sizes, rounds, images = ((50, 100), 2, 40) if options.quick else ((200, 400), 5, 300)
    versions, absent = peers("torch")
    workers, runs = {}, []
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        file = f"{folder}/vae.eqx"
        reference = stack.enter_context(worker())
        reference.submit(train, file).result()
        for name, (_, numbers) in CONTENDERS.items():
            if versions or "PyTorch" not in name:
                workers |= {(name, each): stack.enter_context(worker(each)) for each in numbers}
        for n in sizes:
            exact, *_ = reference.submit(log_p, "NumPy, matrix product", file, n, images, np.float64).result()
            of_size = [{"name": name, "threads": threads, "n": n, "seconds": []} for name, threads in workers]
            for number, run in turns(f"grid, {n} x {n}", of_size, rounds + 1):
                if len(run["seconds"]) == 2 and min(run["seconds"]) > LONG:
                    continue
                process = workers[run["name"], run["threads"]]
                found, seconds, run["memory"] = process.submit(log_p, run["name"], file, n, images).result()
                run["off by"] = float(np.abs(found - exact).max())
                run["seconds"] += [seconds] * (number > 0)  # the first one compiles
            runs += of_size
    return {"images": images, "runs": runs, "versions": versions, "absent": absent}


def of_sizes(results):
    """{n: {name: its run at its best number of threads}}."""
    sizes = dict.fromkeys(run["n"] for run in results["runs"])
    return {n: at_their_best([run for run in results["runs"] if run["n"] == n], "seconds") for n in sizes}


def goals(results):
    """What was asked of the grid, at each size."""
    found = []
    for n, runs in of_sizes(results).items():
        seconds = {name: statistics.median(run["seconds"]) for name, run in runs.items()}
        of_numpy = min((name for name in seconds if name.startswith("NumPy")), key=seconds.get)
        factor, size = seconds[of_numpy] / seconds["the course"], f"{n} x {n}"
        off_by = runs["the course"]["off by"]
        found += [
            goal(f"log p(x) on {size} against {of_numpy}", factor, "at least", 5, "times as fast"),
            goal(f"log p(x) on {size}: largest error of an image", off_by, "at most", TOLERANCE, "nats"),
        ]
    return found


def lines(results):
    """The section of the page."""
    rounds = max(len(run["seconds"]) for run in results["runs"])
    found = [
        f"{results['images']} held-out images under a trained VAE, float32 (scikit-learn computes some of it "
        "in float64), everybody's in turns, each at its best number of threads; those that take over "
        f"{LONG:g} s twice, the others {rounds} times. Decoding the grid counts, compiling does not. "
        "Memory is what the process needed at most, less what it had before. Errors are those of the worst "
        "image against the same sum in float64.",
        "",
    ]
    columns = ["who", "threads", "seconds", "times as long as the course", "memory (MB)", "error (nats)"]
    for n, runs in of_sizes(results).items():
        ours = statistics.median(runs["the course"]["seconds"])
        rows = []
        for name, run in runs.items():
            factor = f"{statistics.median(run['seconds']) / ours:.1f}"
            row = [name, run["threads"], spread(run["seconds"]), factor, f"{run['memory']:.0f}"]
            rows.append([*row, plain(float(f"{run['off by']:.1g}"))])
        differ = [name for name, run in runs.items() if run["off by"] > TOLERANCE]
        same = f"All but {', '.join(differ)} agree" if differ else "All agree"
        found += [f"**{n} x {n} points.** {same} within {TOLERANCE} nats.", "", *table(columns, rows), ""]
    gtm = (
        "A generative topographic map is such a mixture, too, with equal weights and a decoder that is "
        "linear in fixed basis functions. What ugtm 2.3 calls the log likelihood is not this number: it is "
        "computed from densities that were divided by each image's largest. So it is not in the tables."
    )
    return [*found, gtm]
