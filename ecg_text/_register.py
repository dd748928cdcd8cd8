"""Makes transformers know this package's models without importing them: an Auto class asks for them when first used.

Registering needs the model classes, which need torch; importing `ecg_text` must cost neither. So the `from_pretrained`
of the three Auto classes through which every loading goes (AutoModel and AutoTokenizer ask AutoConfig) is replaced by
one that registers, puts the original back and calls it. Where transformers is not imported yet, this happens when
it is. Registering at a call, not at an import, never meets a half-imported module.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import wraps
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

# The module of transformers that defines each Auto class.
_AUTO_CLASSES = {
    "transformers.models.auto.configuration_auto": "AutoConfig",
    "transformers.models.auto.feature_extraction_auto": "AutoFeatureExtractor",
    "transformers.models.auto.processing_auto": "AutoProcessor",
}


def register_on_first_use() -> None:
    """Prepare the Auto classes that are there, and have the others prepared as soon as they are imported."""
    for name in _AUTO_CLASSES:
        if name in sys.modules:
            _ask_first(sys.modules[name])
    if not any(isinstance(finder, _AutoClassFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _AutoClassFinder())


class _AutoClassFinder:
    """Finds the modules of the Auto classes where they always are, and prepares them once they have run."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in _AUTO_CLASSES:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.loader is None:
            return None
        # On this loader alone, and kept a loader of its kind: tracebacks and inspect read the source through it.
        _run_after(spec.loader, fullname)
        return spec


def _run_after(loader: Any, fullname: str) -> None:
    execute: Callable[[ModuleType], None] = loader.exec_module

    def exec_module(module: ModuleType) -> None:
        execute(module)
        if module.__name__ == fullname:
            _ask_first(module)

    loader.exec_module = exec_module


def _ask_first(module: ModuleType) -> None:
    """Have the module's Auto class register this package's models before its first `from_pretrained`."""
    auto: Any = getattr(module, _AUTO_CLASSES[module.__name__])
    original: Any = vars(auto)["from_pretrained"]
    if hasattr(original.__func__, "asks_ecg_text"):
        return

    @wraps(original.__func__)
    def from_pretrained(cls: type, *args: Any, **kwargs: Any) -> Any:
        import_module("ecg_text.models.auto").register()
        auto.from_pretrained = original
        return original.__func__(cls, *args, **kwargs)

    from_pretrained.asks_ecg_text = True  # type: ignore[attr-defined]
    auto.from_pretrained = classmethod(from_pretrained)
