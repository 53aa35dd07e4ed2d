"""What the reader drags. Each instrument is sent to the browser once, and does its computing there."""

from vae_course.teaching.explorer import ink, strokes
from vae_course.teaching.explorer.film import TrainingFilm
from vae_course.teaching.explorer.jensen import JensenSlider
from vae_course.teaching.explorer.latent import LatentExplorer
from vae_course.teaching.explorer.noise import NoiseSlider
from vae_course.teaching.explorer.pixel import OnePixel
from vae_course.teaching.explorer.posterior import PosteriorExplorer
from vae_course.teaching.explorer.reparametrization import Reparametrization
from vae_course.teaching.explorer.rescaling import RescalingSlider
from vae_course.teaching.explorer.roads import TwoRoads
from vae_course.teaching.explorer.sheet import Sheet
from vae_course.teaching.explorer.slides import Slides

__all__ = [
    "JensenSlider",
    "LatentExplorer",
    "NoiseSlider",
    "OnePixel",
    "PosteriorExplorer",
    "Reparametrization",
    "RescalingSlider",
    "Sheet",
    "Slides",
    "TrainingFilm",
    "TwoRoads",
]
