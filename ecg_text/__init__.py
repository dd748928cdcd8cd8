"""ECG-language foundation models: ask a recording questions in words, search an archive by a sentence, train your own.

    import ecg_text as et

    record = et.read("patient/0001.hea")
    model = et.load()  # the reference model; or a folder, or org/name on a hub
    similarities = model.zero_shot([record], et.load_prompt_set("ptbxl-rhythm"))

Research use only, not a medical device. Names load when they are first used, so that importing this package costs
neither torch nor scipy; the Auto classes of transformers know its models from then on.
"""

from importlib import import_module
from typing import Any

from ecg_text._register import register_on_first_use
from ecg_text.version import __version__

# Each public name, the module it lives in, and what it is called there.
_HOMES = {
    "EcgTextError": ("ecg_text.errors", "EcgTextError"),
    "EcgTextModel": ("ecg_text.models.two_tower", "EcgTextModel"),
    "EcgTextProcessor": ("ecg_text.models.processor", "EcgTextProcessor"),
    "Index": ("ecg_text.index.index", "Index"),
    "Preprocess": ("ecg_text.signal.preprocess", "Preprocess"),
    "PromptSet": ("ecg_text.text.prompts", "PromptSet"),
    "Record": ("ecg_text.record", "Record"),
    "examine": ("ecg_text.signal.gate.examine", "examine"),
    "load": ("ecg_text.hub.loading", "load"),
    "load_prompt_set": ("ecg_text.text.prompt_files", "load_prompt_set"),
    "read": ("ecg_text.signal.read", "read"),
    "standard_preprocess": ("ecg_text.signal.preprocess", "standard_preprocess"),
    "synthesise": ("ecg_text.signal.synthetic.synthesise", "synthesise"),
    "train": ("ecg_text.recipes.session", "train_run"),
    "walk": ("ecg_text.signal.formats.walk", "walk"),
    "write_wfdb": ("ecg_text.signal.formats.wfdb_files", "write_wfdb"),
}

__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> Any:
    """The public object of this name, imported from its home."""
    if name not in _HOMES:
        raise AttributeError(f"module 'ecg_text' has no name {name!r}; it has {', '.join(sorted(_HOMES))}")
    module, attribute = _HOMES[name]
    if module.startswith("ecg_text.models."):
        import_module("ecg_text.models.auto").register()
    return getattr(import_module(module), attribute)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])


register_on_first_use()
