"""Training the VAE: `fit` against a jitted step in a Python loop, Flax NNX and PyTorch; and several starts.

All begin with the same weights and train on the same images; their steps are those of docs/your-framework.md.
The loops are kind: rows are cut by numpy, and nobody waits for the loss of a step but each hundredth.
"""

import functools
import itertools
import os
import re
import statistics
import sys
import tempfile
import time

import numpy as np

from benchmarks.page import at_least, of_threads, per_start, ratios, spread, table
from benchmarks.workers import ROOT, THREADS, CannotMeasure, Worker, peak, peers, say, serve, there_and_back

TITLE = "Training"
BATCH, SHORT = 128, 100
SIZES = (256, 512, 1024, 2048)  # of the matrix products
NOISES = 20  # draws for each image when the bound is measured
WEIGHTS = 64 * 128 + 128 * 128 + 128 * 4 + 2 * 128 + 128 * 128 + 128 * 64
FLOPS = 2 * 3 * BATCH * WEIGHTS  # of a step: forward, and twice as much backward


def page_code(kind):
    """The names that docs/your-framework.md defines for a framework."""
    page, names = (ROOT / "docs/your-framework.md").read_text(), {}
    for source in re.findall(rf"(?ms)^```python {kind}\n(.*?)^```$", page):
        exec(compile(source, f"docs/your-framework.md, {kind}", "exec"), names)
    return names


# Each contender: prepare(start), train(what was prepared, start, steps) and elbo(trained, X, eps).


def with_fit():
    """The course's `fit`."""
    import jax
    import optax

    from vae_course import data, fit, losses, models

    X, adam = data.load_digits().train_images, optax.adam(1e-3)

    def train(vae, start, steps):
        options = {"steps": steps, "batch_size": BATCH, "optimizer": adam}
        return jax.block_until_ready(fit(vae, losses.vae_loss, X, key=jax.random.key(start), **options).model)

    return models.new_vae, train, of_batch(page_code("ours")["elbo"])


def of_batch(elbo):
    """The bound of one image, for a batch."""
    import equinox as eqx
    import jax

    return eqx.filter_jit(jax.vmap(elbo, in_axes=(None, 0, 0)))


def with_equinox():
    """A jitted step that is called from Python, as Equinox's examples do it."""
    import equinox as eqx
    import jax
    import optax

    from vae_course import losses, models

    adam = optax.adam(1e-3)

    @eqx.filter_jit
    def step(vae, state, x, key):
        key, of_step = jax.random.split(key)

        def mean_loss(vae):
            keys = jax.random.split(of_step, len(x))
            return jax.vmap(losses.vae_loss, in_axes=(None, 0, 0))(vae, x, keys).mean()

        loss, gradient = eqx.filter_value_and_grad(mean_loss)(vae)
        updates, state = adam.update(gradient, state)
        return eqx.apply_updates(vae, updates), state, key, loss

    def train(vae, start, steps):
        state, key = adam.init(eqx.filter(vae, eqx.is_inexact_array)), jax.random.key(start)
        for number, (rows, _) in enumerate(batches(start, steps)):
            vae, state, key, loss = step(vae, state, rows, key)
            look(loss, number)
        return jax.block_until_ready(vae)

    return models.new_vae, train, of_batch(page_code("ours")["elbo"])


def with_flax(cached=False):
    """The page's step, called from Python; `cached` looks through the model once, and not at each step."""
    import jax
    import optax
    from flax import nnx

    from vae_course import models

    page = page_code("flax")

    def prepare(start):
        vae = page["VAE"](nnx.Rngs(0))
        page["put_in"](vae, models.new_vae(start))
        return vae

    def train(vae, start, steps):
        optimizer = nnx.Optimizer(vae, optax.adam(1e-3), wrt=nnx.Param)
        if cached:
            step = nnx.cached_partial(page["step"], vae, optimizer)
        else:
            step = lambda x, eps: page["step"](vae, optimizer, x, eps)  # noqa: E731
        for number, (rows, rng) in enumerate(batches(start, steps)):
            loss = step(rows, rng.standard_normal((BATCH, 2), np.float32))
            look(loss, number)
        jax.block_until_ready(loss)
        return vae

    return prepare, train, page["elbo"]


def with_torch(compiled=False):
    """The page's step; `compiled` has its bound compiled, and Adam in one kernel."""
    import torch

    from vae_course import models

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    page = page_code("torch")
    elbo = page["elbo"]
    if compiled:
        page["elbo"] = torch.compile(elbo)
    X = torch.from_numpy(images()[0])

    def prepare(start):
        vae = page["VAE"]()
        page["put_in"](vae, models.new_vae(start))
        return vae

    def train(vae, start, steps):
        torch.manual_seed(start)
        optimizer = torch.optim.Adam(vae.parameters(), lr=1e-3, fused=compiled)
        for rows, _ in batches(start, steps, numbers=True):
            page["step"](vae, optimizer, X[torch.from_numpy(rows)], torch.randn(BATCH, 2))
        return vae

    @torch.no_grad()
    def bound(vae, x, eps):
        return elbo(vae, torch.from_numpy(x), torch.from_numpy(eps)).numpy()

    return prepare, train, bound


CONTENDERS = {
    "`fit`": with_fit,
    "Equinox, a jitted step in a loop": with_equinox,
    "Flax NNX, as in its examples": with_flax,
    "Flax NNX, with `cached_partial`": lambda: with_flax(cached=True),
    "PyTorch, eager": with_torch,
    "PyTorch, `torch.compile`": lambda: with_torch(compiled=True),
}


@functools.cache
def images():
    """Training and held-out images, as numpy has them."""
    from vae_course import data

    digits = data.load_digits()
    return np.array(digits.train_images), np.array(digits.test_images)


def batches(start, steps, numbers=False):
    """The images of each step (or their numbers), each once in an epoch, and where noise may come from."""
    rng, X = np.random.default_rng(start), images()[0]
    each = np.arange(len(X)) if numbers else X

    def epochs():
        while True:
            order = rng.permutation(len(X))
            for begin in range(0, len(X) - BATCH + 1, BATCH):
                yield each[order[begin : begin + BATCH]], rng

    return itertools.islice(epochs(), steps)


def look(loss, number):
    """Wait for the loss of each hundredth step, as `fit` does."""
    if number % 100 == 99:
        float(loss)


def bounds(elbo, vae):
    """The mean bound of the training and of the held-out images, with the same noise for everybody."""
    found, rng = [], np.random.default_rng(0)
    for X in images():
        X = np.repeat(X, NOISES, axis=0)
        eps = rng.standard_normal((len(X), 2), np.float32)
        found.append(float(np.mean(elbo(vae, X, eps))))
    return found


def products(kind):
    """Billions of operations a second of float32 matrix products, {size: the best of several}."""
    import jax

    multiply = jax.jit(lambda a, b: a @ b) if kind == "jax" else np.matmul
    rng, found = np.random.default_rng(0), {}
    for size in SIZES:
        a, b = rng.standard_normal((2, size, size), np.float32)
        a, b = (jax.device_put(a), jax.device_put(b)) if kind == "jax" else (a, b)
        runs, times = max(3, 2 * 512**3 // size**3 * 8), []
        for _ in range(runs):
            begin = time.perf_counter()
            jax.block_until_ready(multiply(a, b))
            times.append(time.perf_counter() - begin)
        found[size] = 2e-9 * size**3 / min(times)
    return found


def answer_of(name):
    """What the worker of this name answers: to `train` these starts, or all `at_once`; to multiply."""
    if name in ("numpy", "jax"):
        return lambda: products(name)
    prepare, train, elbo = CONTENDERS[name]()

    def answer(starts, steps, at_once=False, bound=False):
        prepared = [prepare(start) for start in starts]
        begin = time.perf_counter()
        if at_once:
            trained = all_at_once(prepared, starts, steps)
        else:
            trained = [train(one, start, steps) for one, start in zip(prepared, starts, strict=True)]
        seconds = time.perf_counter() - begin
        return {"seconds": seconds, "bounds": bounds(elbo, trained[0]) if bound else None, "peak": peak()}

    return answer


def all_at_once(models, starts, steps):
    """The course's `fit_starts`."""
    import jax

    from vae_course import data, fit_starts, losses

    keys, X = [jax.random.key(start) for start in starts], data.load_digits().train_images
    runs = fit_starts(models, losses.vae_loss, X, keys=keys, steps=steps, batch_size=BATCH)
    return jax.block_until_ready([run.model for run in runs])


# From here on: what asks them, and the page.


def beyond_short(worker, steps, **question):
    """Seconds for so many steps, compiling and beginning not counted: a long run less a short one."""
    short = worker.ask(steps=SHORT, **question)["seconds"]
    answer = worker.ask(steps=SHORT + steps, bound=True, **question)
    return answer["seconds"] - short, short, answer["bounds"]


def measure(options):
    """Everything in turns, round after round."""
    steps, rounds, numbers = (100, 2, THREADS[-1:]) if options.quick else (1000, 5, THREADS)
    versions, absent = peers()
    names = [name for name in CONTENDERS if all(peer in versions for peer in needed(name))]
    runs, starts, multiplied, workers = {}, {}, {}, {}
    with tempfile.TemporaryDirectory() as folder:
        try:
            for threads, name in itertools.product(numbers, [*names, "numpy", "jax"]):
                cache = f"{folder}/{threads}"  # so that neither finds what the other has compiled
                options = {"peers": bool(needed(name)), "TORCHINDUCTOR_CACHE_DIR": cache}
                workers[name, threads] = Worker("benchmarks.training", name, threads=threads, **options)
                if name in CONTENDERS:
                    try:
                        first = workers[name, threads].ask(starts=[0], steps=SHORT)["seconds"]
                    except CannotMeasure as error:
                        absent.append(str(error))
                        workers.pop((name, threads)).close()
                        continue
                    say(f"training: {name}, {threads} threads, compiles and begins in {first:.1f} s")
                    runs[name, threads] = {"first": first, "short": [], "ms": [], "train": [], "held out": []}
            for number, (name, threads) in there_and_back(list(workers), rounds):
                say(f"training: round {number + 1} of {rounds}, {name}, {threads} threads")
                worker = workers[name, threads]
                if name not in CONTENDERS:
                    multiplied.setdefault((name, threads), []).append(worker.ask())
                    continue
                seconds, short, (train, held_out) = beyond_short(worker, steps, starts=[number])
                values = {"short": short, "ms": 1e3 * seconds / steps, "train": train, "held out": held_out}
                for what, value in values.items():
                    runs[name, threads][what].append(value)
            for threads in numbers:  # what comes first is slower
                workers["`fit`", threads].ask(starts=[0, 1, 2], steps=SHORT, at_once=True)
            together = [(threads, at_once) for threads in numbers for at_once in (False, True)]
            for number, (threads, at_once) in there_and_back(together, rounds):
                say(f"training: three starts, round {number + 1} of {rounds}, {threads} threads")
                worker = workers["`fit`", threads]
                seconds, *_ = beyond_short(worker, steps, starts=[0, 1, 2], at_once=at_once)
                starts.setdefault((at_once, threads), []).append(seconds)
        finally:
            for worker in workers.values():
                worker.close()
    return {
        "steps": steps,
        "runs": [{"name": name, "threads": threads, **run} for (name, threads), run in runs.items()],
        "starts": [{"at once": a, "threads": threads, "seconds": s} for (a, threads), s in starts.items()],
        "products": [{"name": name, "threads": t, "rates": rates} for (name, t), rates in multiplied.items()],
        "versions": versions,
        "absent": absent,
    }


def needed(name):
    """Which peer a contender needs."""
    return {"Flax": ["flax"], "PyTorch,": ["torch"]}.get(name.split()[0], [])


def best(runs, key):
    """The run with the lowest median: at its best number of threads."""
    return min(runs, key=lambda run: statistics.median(run[key]))


def at_their_best(results):
    """{name: its run at its best number of threads}."""
    names = dict.fromkeys(run["name"] for run in results["runs"])
    return {name: best([run for run in results["runs"] if run["name"] == name], "ms") for name in names}


def product_rate(results, threads=None):
    """(billions a second, how): the best matrix product, on this many threads or on any number."""
    return max(
        (rate, f"{each['name']}, {size} x {size}, {of_threads(each['threads'])}")
        for each in results["products"]
        if threads in (None, each["threads"])
        for rates in each["rates"]
        for size, rate in rates.items()
    )


def three_starts(results):
    """The three starts one after the other, and at once: each at its best number of threads."""
    return [best([run for run in results["starts"] if run["at once"] == way], "seconds") for way in (0, 1)]


def rate(ms):
    """Billions of operations a second, at so many milliseconds a step."""
    return FLOPS / ms / 1e6


def equal_bounds(results, which):
    """(the p-value of an analysis of variance, the largest difference of two means in nats)."""
    from scipy.stats import f_oneway

    runs = at_their_best(results)
    # One for each framework: what differs only in how it is compiled draws the same noise.
    groups = {name.split()[0]: run[which] for name, run in runs.items()}.values()
    means = [statistics.mean(group) for group in groups]
    return float(f_oneway(*groups).pvalue), max(means) - min(means)


def goals(results):
    """What was asked of training."""
    runs = at_their_best(results)
    ours, top = statistics.median(runs["`fit`"]["ms"]), product_rate(results)[0]
    others = {name: statistics.median(run["ms"]) for name, run in runs.items() if name != "`fit`"}
    fastest = min(others, key=others.get)
    one_by_one, at_once = (run["seconds"] for run in three_starts(results))
    together = rate(1e3 * statistics.median(at_once) / 3 / results["steps"])
    factor = statistics.median(ratios(one_by_one, at_once))
    return [
        at_least(f"`fit` against the fastest peer ({fastest})", others[fastest] / ours, 4, "times as fast"),
        at_least("`fit`: share of the machine's best matrix product", 100 * rate(ours) / top, 40, "%"),
        at_least("three starts at once: share of the same", 100 * together / top, 40, "%"),
        at_least("three starts at once against one after the other", factor, 1.8, "times as fast"),
        *(
            at_least(f"the same {which} bound, whoever trains (p of no difference)", p, 0.01)
            for which in ("train", "held out")
            for p, _ in [equal_bounds(results, which)]
        ),
    ]


def lines(results):
    """The section of the page."""
    runs, (top, how) = at_their_best(results), product_rate(results)
    ours = statistics.median(runs["`fit`"]["ms"])
    rows = []
    for name, run in runs.items():
        ms = statistics.median(run["ms"])
        alone, _ = product_rate(results, run["threads"])
        shares = f"{100 * rate(ms) / alone:.0f}, {100 * rate(ms) / top:.0f}"
        compiling = run["first"] - statistics.median(run["short"])
        row = [name, run["threads"], spread(run["ms"]), f"{ms / ours:.1f}", shares, f"{compiling:.1f}"]
        rows.append([*row, per_start(run["train"]), per_start(run["held out"])])
    one_by_one, at_once = three_starts(results)
    factor = spread(ratios(one_by_one["seconds"], at_once["seconds"]))
    equal = [(which, *equal_bounds(results, which)) for which in ("train", "held out")]
    columns = "who,threads,ms a step,times as long as `fit`,share of the matrix product (%),compiling (s)"
    products = [
        [f"{each['name']}, {of_threads(each['threads'])}"]
        + [f"{max(rates[size] for rates in each['rates']):.0f}" for size in map(str, SIZES)]
        for each in results["products"]
    ]
    return [
        f"The VAE of the course, 64-128-128-2, batches of {BATCH}, Adam with learning rate 1e-3. "
        f"{len(runs['`fit`']['ms'])} starts of {results['steps']:,} steps, all in turns, each contender at "
        "its best number of threads. Time is a long run less a short one, so compiling stands apart. Shares "
        "are those of the best matrix product on as many threads, and of the machine's best.",
        "",
        *table([*columns.split(","), "train ELBO (nats)", "held-out ELBO (nats)"], rows),
        "",
        *(
            f"The {which} ELBO of two frameworks differs by at most {most:.2f} nats; chance alone gives "
            f"differences like these with p = {p:.2g}."
            for which, p, most in equal
        ),
        "",
        f"Three starts: `fit` three times {spread(one_by_one['seconds'])} s "
        f"({of_threads(one_by_one['threads'])}); `fit_starts` {spread(at_once['seconds'])} s "
        f"({of_threads(at_once['threads'])}), {factor} times as fast.",
        "",
        f"Matrix products in float32, best of each size, in billions of operations a second; a step has "
        f"{FLOPS / 1e6:.0f} million. The best: {top:.0f} ({how}).",
        "",
        *table(["product", *(f"{size:,}" for size in SIZES)], products),
    ]


if __name__ == "__main__":
    serve(answer_of(sys.argv[1]))
