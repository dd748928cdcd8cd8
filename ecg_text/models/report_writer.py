"""Reports written word by word from the memory of an ECG, by generate() of transformers: greedy, beams or sampling."""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor
from transformers import Cache, DynamicCache, GenerationConfig, GenerationMixin, PreTrainedConfig, PreTrainedModel
from transformers.modeling_outputs import CausalLMOutputWithPast

from ecg_text.errors import ConfigError
from ecg_text.models.causal_text import text_window, word_states
from ecg_text.models.report_decoder import ReportDecoder


class ReportWriter(PreTrainedModel, GenerationMixin):
    """A causal text encoder and a report decoder as one language model that reads the memory of an ECG.

    It has no weights of its own, and is made where one is needed: as a part of the model that its parts belong to, it
    would store them a second time. Keys and values of all words are kept in one cache, layer by layer, those of the
    text encoder first; the ECG's are computed once, before the first word. settings are what generate() goes by
    unless told otherwise (writing_settings).
    """

    _supports_sdpa = True

    def __init__(self, text_encoder: PreTrainedModel, decoder: ReportDecoder, settings: GenerationConfig) -> None:
        num_layers = text_encoder.config.num_hidden_layers
        # What generate() makes its cache from. There is no post_init: it might start the parts' weights anew.
        super().__init__(PreTrainedConfig.from_dict({"num_hidden_layers": num_layers + decoder.num_layers}))
        self.text_encoder = text_encoder
        self.decoder = decoder
        self.generation_config = settings

    def write(self, memory: Tensor, settings: GenerationConfig | None = None) -> Tensor:
        """Reports for memories of ECGs: (R, K, W) -> word pieces (R, L), `[CLS] pieces [SEP]` and then padding.

        settings change those of the writer where they say something: num_beams=4, or do_sample=True with top_p=0.9,
        whose chance is torch's own (torch.manual_seed). A report that has not ended at max_length has no [SEP]. Raises
        ConfigError where a part is in training mode.
        """
        if self.text_encoder.training or self.decoder.training:
            raise ConfigError("a writer whose dropout is at work writes another report each time; call eval() first")
        pieces: Tensor = cast(Any, self).generate(memory=self.read_memory(memory), generation_config=settings)
        # Beams of transformers are filled up with [SEP], for the number of our padding, 0, counts as none there.
        is_end = pieces == self.generation_config.eos_token_id
        return pieces.masked_fill((is_end.cumsum(dim=1) - is_end.long()) > 0, self.generation_config.pad_token_id)

    @torch.no_grad()
    def read_memory(self, memory: Tensor) -> Tensor:
        """What forward() and generate() take for `memory`: (R, K, W) -> (R, layers, 2, heads, K, W / heads)."""
        return self.decoder.read_memory(memory).contiguous()

    @torch.no_grad()
    def log_probabilities(self, pieces: Tensor, memory: Tensor) -> Tensor:
        """How likely a report is, piece by piece, for each of R ECGs: pieces (L,), (R, K, W) -> (R, L - 1).

        The natural logarithm of the probability of each piece after the first, given those before it and the ECG.
        """
        words = word_states(self.text_encoder, pieces[None, :-1]).expand(len(memory), -1, -1)
        told = self.decoder(words, memory).log_softmax(dim=-1)
        return torch.take_along_dim(told, pieces[None, 1:, None], dim=-1).squeeze(-1)

    @torch.no_grad()
    def attention(self, pieces: Tensor, memory: Tensor) -> Tensor:
        """How much of each memory vector went into telling each piece after the first: (L,), (K, W) -> (L - 1, K).

        The mean over the decoder's layers and heads; each row sums to 1.
        """
        words = word_states(self.text_encoder, pieces[None, :-1])
        return self.decoder.attention(words, self.decoder.read_memory(memory[None]))[0].mean(dim=(0, 1))

    def forward(
        self,
        input_ids: Tensor,
        memory: Tensor,
        attention_mask: Tensor | None = None,
        position_ids: Tensor | None = None,
        past_key_values: Cache | None = None,
        use_cache: bool | None = None,
        logits_to_keep: int = 0,
        return_dict: bool = True,  # noqa: ARG002 - generate() says so, and there is no other way
    ) -> CausalLMOutputWithPast:
        """Logits of the piece after each: (R, L), memory as read_memory() makes it, mask (R, P + L) -> (R, L, V).

        The P pieces before these are in past_key_values. With logits_to_keep above 0, logits of that many last places.
        The rest is as generate() of transformers wants it.
        """
        if use_cache and past_key_values is None:
            past_key_values = DynamicCache()
        first_layer = self.text_encoder.config.num_hidden_layers
        words = word_states(self.text_encoder, input_ids, attention_mask, position_ids, past_key_values)
        states = self.decoder.states(words, memory, attention_mask, past_key_values, first_layer)
        logits = self.decoder.vocabulary(states[:, -logits_to_keep:])
        return CausalLMOutputWithPast(logits=logits, past_key_values=past_key_values)


def writing_settings(tokenizer: Any, config: PreTrainedConfig) -> GenerationConfig:
    """How reports are written unless asked otherwise: greedily, from [CLS] to [SEP], within the window of the encoder.

    No report is empty, and no special piece is written but the [SEP] that ends it. config is the text encoder's. Raises
    ConfigError where the tokenizer lacks one of the special pieces.
    """
    begin, end, pad = tokenizer.cls_token_id, tokenizer.sep_token_id, tokenizer.pad_token_id
    for name, number in (("class", begin), ("separator", end), ("padding", pad)):
        if number is None:
            raise ConfigError(
                f"the tokenizer has no {name} token, so it is unknown how reports begin and end; name one"
            )
    return GenerationConfig(
        bos_token_id=begin,
        eos_token_id=end,
        pad_token_id=pad,
        max_length=text_window(config),
        min_new_tokens=1,
        suppress_tokens=sorted(set(tokenizer.all_special_ids) - {end}),
    )
