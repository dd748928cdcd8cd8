"""Makes transformers' Auto classes know the model, so that it loads with no remote code."""

from __future__ import annotations

from transformers import AutoConfig, AutoFeatureExtractor, AutoModel, AutoProcessor

from ecg_text.models.configs import EcgEncoderConfig, EcgTextConfig
from ecg_text.models.processor import EcgFeatureExtractor, EcgTextProcessor
from ecg_text.models.two_tower import EcgTextModel


def register() -> None:
    """Register configuration, model, feature extractor and processor; calling it again changes nothing."""
    AutoConfig.register(EcgEncoderConfig.model_type, EcgEncoderConfig, exist_ok=True)
    AutoConfig.register(EcgTextConfig.model_type, EcgTextConfig, exist_ok=True)
    AutoModel.register(EcgTextConfig, EcgTextModel, exist_ok=True)
    AutoFeatureExtractor.register(EcgTextConfig, EcgFeatureExtractor, exist_ok=True)
    AutoProcessor.register(EcgTextConfig, EcgTextProcessor, exist_ok=True)
