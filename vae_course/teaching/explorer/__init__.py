"""What the reader drags: `LatentExplorer` for a latent plane, `ImageExplorer` for an image on that plane,
`DigitPad` for an image of the reader's own, `Instrument` for whatever else Python must redraw."""

from vae_course.teaching.explorer.images import ImageExplorer
from vae_course.teaching.explorer.instrument import Instrument
from vae_course.teaching.explorer.latent import LatentExplorer
from vae_course.teaching.explorer.pad import DigitPad

__all__ = ["DigitPad", "ImageExplorer", "Instrument", "LatentExplorer"]
