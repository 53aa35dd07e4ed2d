"""What the reader drags: `LatentExplorer` for a latent plane, `ImageExplorer` for an image on that plane,
`DigitPad` for an image of the reader's own, `Instrument` for whatever else Python must redraw."""

from vae_course.explorer.images import ImageExplorer
from vae_course.explorer.latent import LatentExplorer
from vae_course.explorer.pad import DigitPad
from vae_course.explorer.pictures import image_png, row_png, rows_png
from vae_course.explorer.sliders import Instrument

__all__ = ["DigitPad", "ImageExplorer", "Instrument", "LatentExplorer", "image_png", "row_png", "rows_png"]
