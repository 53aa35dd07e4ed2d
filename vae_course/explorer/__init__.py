"""What the reader drags: `LatentExplorer` for a latent plane, `Instrument` for what Python must redraw."""

from vae_course.explorer.latent import LatentExplorer
from vae_course.explorer.pictures import image_png, row_png
from vae_course.explorer.sliders import Instrument

__all__ = ["Instrument", "LatentExplorer", "image_png", "row_png"]
