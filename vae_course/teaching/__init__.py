"""What shows and asks: claims, tables, figures, explorers and exercises. Loaded when they are first used."""

from importlib import import_module

_NAMES = {
    "checked": ("ClaimFailed", "claim", "claims", "predicted"),
    "exercises": (),
    "explorer": (),
    "figures": (),
    "hill": ("second_hill",),
    "pictures": (),
    "tables": ("Table", "table"),
}
_ROOMS = {name: room for room, names in _NAMES.items() for name in names}
__all__ = sorted([*_NAMES, *_ROOMS])


def __getattr__(name):
    """The room, or the name in its room: so that nothing imports matplotlib before something is drawn."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    room = import_module(f"{__name__}.{_ROOMS.get(name, name)}")
    return getattr(room, name) if name in _ROOMS else room
