"""The shared code of the course, in the order in which data flows; each room imports only those above it."""

from vae_course import (
    data,
    distributions,
    estimators,
    exercises,
    figures,
    latents,
    marginal,
    models,
    objectives,
    variational,
)
from vae_course.claims import ClaimFailed, claim
from vae_course.explorer import DigitPad, ImageExplorer, Instrument, LatentExplorer
from vae_course.training import TrainingDiverged, fit

__all__ = [
    "ClaimFailed",
    "DigitPad",
    "ImageExplorer",
    "Instrument",
    "LatentExplorer",
    "TrainingDiverged",
    "claim",
    "data",
    "distributions",
    "estimators",
    "exercises",
    "figures",
    "fit",
    "latents",
    "marginal",
    "models",
    "objectives",
    "variational",
]
