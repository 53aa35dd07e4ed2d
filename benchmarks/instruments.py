"""How fast Python answers when the reader moves an instrument: in a kernel, as in JupyterLab.

Each move is what the browser sends, and ends when the kernel has sent all its answers. Run it with the
names of instruments, or with none for all of them.
"""

import os
import sys
import time
from pathlib import Path

import numpy as np
from jupyter_client.manager import start_new_kernel

MOVES = 200
LIMIT = 50  # ms, at the 95th percentile


def image_explorer():
    """Everything that an ImageExplorer can show, over a landscape of 200 x 200 that costs nothing."""
    import jax
    from ipywidgets import Checkbox

    from vae_course import data, models, objectives
    from vae_course.explorer import ImageExplorer

    digits = data.load_digits()
    X, labels = digits.train_images, digits.train_labels
    decoder = models.Decoder(key=jax.random.key(0))
    model = models.GaussianDecoder(decoder)
    Z = jax.random.normal(jax.random.key(1), (len(X), 2))
    values = np.random.RandomState(0).randn(10, 200, 200)
    posterior = np.random.RandomState(1).dirichlet(np.full(1000, 0.01))

    @jax.jit
    def terms(x, z):
        return objectives.log_likelihood(model, x, z), objectives.log_prior(z), model(z)

    def landscape(x, *, zoom):
        half = 1 if zoom else 4
        return values[int(10 * x.sum()) % 10], (-half, half, -half, half), "log p(x, z), nats"

    def readout(x, z):
        likelihood, prior, image = terms(x, z)
        return {"decoded image": image, "its negative": 1 - image}, f"{likelihood:.1f} and {prior:.1f} nats"

    explorer = ImageExplorer(
        decoder,
        Z,
        labels,
        X,
        landscape=landscape,
        readout=readout,
        samples=lambda x, z: (Z[:1000], posterior * (1 + 1e-3 * np.sin(z[0])), "1,000 samples"),
        gaussian=lambda x, z: (z, (0.3, 0.2), "q"),
        title="An image and its landscape",
        zoom=Checkbox(),
    )
    return {
        "another image": lambda k: explorer.image.set_state({"value": k + 1}),
        "the handle moves": lambda k: explorer.explorer.set_state({"z": [0.01 * k, 1.0]}),
        "zoom in and out": lambda k: explorer.controls["zoom"].set_state({"value": k % 2 == 0}),
    }


# By name, a function that builds the instrument and returns {what the reader does: function of the count}.
INSTRUMENTS = {"image_explorer": image_explorer}


def measure(name):
    """Make each move of an instrument many times and print the times that they took."""
    for action, move in INSTRUMENTS[name]().items():
        times = []
        for k in range(MOVES):
            start = time.perf_counter()
            move(k)
            times.append(1e3 * (time.perf_counter() - start))
        median, most = np.percentile(times, [50, 95])
        verdict = "" if most < LIMIT else f"  MORE THAN {LIMIT} ms"
        print(f"{name:<24}{action:<24}{median:>8.1f} ms{most:>12.1f} ms{verdict}", flush=True)


if __name__ == "__main__":
    names = sys.argv[1:] or list(INSTRUMENTS)
    if unknown := set(names) - set(INSTRUMENTS):
        sys.exit(f"no such instrument: {', '.join(sorted(unknown))}; there are {', '.join(INSTRUMENTS)}")
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}")
    print(f"{'instrument':<24}{'what the reader does':<24}{'median':>11}{'95th':>15}")
    manager, client = start_new_kernel(cwd=str(Path(__file__).parent))
    try:
        for name in names:
            reply = client.execute_interactive(
                f"import instruments; instruments.measure({name!r})", timeout=600
            )
            if reply["content"]["status"] != "ok":
                sys.exit(f"{name} failed")
    finally:
        manager.shutdown_kernel(now=True)
