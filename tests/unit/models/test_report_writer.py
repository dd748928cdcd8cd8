"""Reports by generate(): the same with a cache and without, in a batch and alone, as a slow loop and a full search."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from transformers import AutoModel, BertConfig, GenerationConfig

from ecg_text.errors import ConfigError
from ecg_text.models.causal_text import causal_config, read_text, text_window
from ecg_text.models.decoder_config import DecoderConfig
from ecg_text.models.processor import wrap_tokenizer
from ecg_text.models.report_decoder import ReportDecoder
from ecg_text.models.report_writer import ReportWriter, writing_settings
from ecg_text.objectives.captioning import next_words
from ecg_text.objectives.masked_words import masked_word_loss
from ecg_text.text.tokenizer import train_wordpiece

PAD, UNKNOWN, BEGIN, END, MASK = range(5)
PIECES, WIDTH, QUERIES, POSITIONS = 24, 16, 5, 17
BEAMS = GenerationConfig(num_beams=3)
PLAIN = GenerationConfig(use_cache=False)
PLAIN_BEAMS = GenerationConfig(num_beams=3, use_cache=False)


def settings_of(**changes: object) -> GenerationConfig:
    given: dict[str, object] = {
        "bos_token_id": BEGIN,
        "eos_token_id": END,
        "pad_token_id": PAD,
        "max_length": POSITIONS - 1,
        "min_new_tokens": 1,
        "suppress_tokens": [PAD, UNKNOWN, BEGIN, MASK],
    }
    return GenerationConfig(**given | changes)


def writer_of(pieces: int = PIECES, seed: int = 0) -> ReportWriter:
    """An untrained writer in float64, so that no two pieces are told apart by rounding alone."""
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=pieces,
        hidden_size=WIDTH,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=POSITIONS,
    )
    encoder = AutoModel.from_config(causal_config(config), add_pooling_layer=False)
    decoder = ReportDecoder(DecoderConfig(num_layers=2, num_heads=4, dropout=0.0), WIDTH, pieces)
    for parameter in (*encoder.parameters(), *decoder.parameters()):
        parameter.data.add_(0.3 * torch.randn(parameter.shape))
    decoder.norm.bias.data.zero_()  # or some pieces would be likely whatever the words
    for layer in decoder.layers:
        layer.memory_out.weight.data.mul_(8.0)
    return ReportWriter(encoder.double().eval(), decoder.double().eval(), settings_of())


def memories(num: int, seed: int = 1) -> Tensor:
    return torch.randn(num, QUERIES, WIDTH, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.fixture(scope="module")
def writer() -> ReportWriter:
    return writer_of()


REPORTS = [[BEGIN, *words, END] for words in ([7, 8, 9], [7, 11, 12, 13, 14, 15, 16, 9], [20], [7, 8, 8, 8, 21])]


@pytest.fixture(scope="module")
def taught() -> ReportWriter:
    """A writer that has learned REPORTS, each from its own memory of memories(4)."""
    writer = writer_of()
    mask = torch.tensor([[place < len(report) for place in range(10)] for report in REPORTS])
    ids = torch.tensor([report + [PAD] * (10 - len(report)) for report in REPORTS])
    chosen, targets = next_words(ids, mask)
    optimizer = torch.optim.Adam(writer.parameters(), lr=1e-2)
    for _ in range(60):
        logits = writer.decoder(read_text(writer.text_encoder, ids, mask).words, memories(4))
        masked_word_loss(logits.flatten(0, 1)[chosen], targets).backward()
        optimizer.step()
        optimizer.zero_grad()
    return writer


def slow_scores(writer: ReportWriter, written: list[int], memory: Tensor) -> Tensor:
    """Log probabilities (V,) of the next piece as training sees it: all anew, with the summary behind the words."""
    words = read_text(writer.text_encoder, torch.tensor([written])).words
    scores = writer.decoder(words, memory[None])[0, -1].log_softmax(dim=-1)
    scores[[PAD, UNKNOWN, BEGIN, MASK]] = -torch.inf
    if len(written) == 1:
        scores[END] = -torch.inf
    return scores


@torch.no_grad()
def slow_greedy(writer: ReportWriter, memory: Tensor, longest: int = POSITIONS - 1) -> list[int]:
    written = [BEGIN]
    while len(written) < longest and written[-1] != END:
        written.append(int(slow_scores(writer, written, memory).argmax()))
    return written


def until_end(pieces: Tensor) -> list[list[int]]:
    return [row[: row.index(END) + 1] if END in row else row for row in pieces.tolist()]


def unpadded(pieces: Tensor) -> list[list[int]]:
    """Reports as lists, up to their [SEP]; behind it there is padding alone."""
    reports = until_end(pieces)
    assert all(set(row[len(report) :]) <= {PAD} for row, report in zip(pieces.tolist(), reports, strict=True))
    return reports


def test_greedy_is_the_slow_loop_with_a_cache_and_without(writer: ReportWriter) -> None:
    memory = memories(5)
    written = unpadded(writer.write(memory))
    assert written == [slow_greedy(writer, each) for each in memory]
    assert written == unpadded(writer.write(memory, PLAIN))
    assert len({tuple(report) for report in written}) > 3  # the ECG has a say


def test_beams_are_the_same_with_a_cache_and_without(writer: ReportWriter) -> None:
    memory = memories(6)
    assert torch.equal(writer.write(memory, BEAMS), writer.write(memory, PLAIN_BEAMS))
    assert not torch.equal(writer.write(memory, BEAMS)[:, :5], writer.write(memory)[:, :5])


@torch.no_grad()
def test_beams_wide_enough_find_what_a_full_search_finds() -> None:
    writer, words = writer_of(pieces=9), range(5, 9)
    found = unpadded(writer.write(memories(5), GenerationConfig(num_beams=16, max_length=4, length_penalty=0.0)))
    for report, memory in zip(found, memories(5), strict=True):
        likely: dict[tuple[int, ...], float] = {(BEGIN,): 0.0}
        for length in (1, 2, 3):
            for begun in [each for each in likely if len(each) == length and each[-1] != END]:
                scores = slow_scores(writer, list(begun), memory)
                before = likely.pop(begun)
                for piece in [*words, END]:
                    likely[(*begun, piece)] = before + float(scores[piece])
        assert len(likely) == 1 + 4 + 4 * 4 * 5  # the empty one, of no likelihood, among them
        assert tuple(report) == max(likely, key=lambda each: likely[each])


@pytest.mark.parametrize("settings", [None, BEAMS], ids=["greedy", "beams"])
@pytest.mark.parametrize("name", ["writer", "taught"])
def test_sixteen_together_are_as_one_by_one(
    name: str, settings: GenerationConfig | None, request: pytest.FixtureRequest
) -> None:
    writer: ReportWriter = request.getfixturevalue(name)
    memory = torch.cat([memories(4), memories(12, seed=2)])
    together = unpadded(writer.write(memory, settings))
    assert together == [unpadded(writer.write(each[None], settings))[0] for each in memory]


@pytest.mark.parametrize("settings", [None, PLAIN, BEAMS, PLAIN_BEAMS])
def test_what_was_learned_is_written_and_padded_behind_its_end(
    taught: ReportWriter, settings: GenerationConfig | None
) -> None:
    pieces = taught.write(memories(4), settings)
    assert unpadded(pieces) == REPORTS
    assert pieces.shape == (4, 10)  # no longer than the longest of them


def test_float32_writes_what_was_learned(taught: ReportWriter) -> None:
    taught.float()
    try:
        assert unpadded(taught.write(memories(4).float())) == REPORTS
    finally:
        taught.double()


@pytest.mark.parametrize("wanted", [END, PAD, MASK])
@pytest.mark.parametrize("settings", [None, BEAMS, GenerationConfig(do_sample=True, top_p=0.9)])
def test_a_report_is_never_empty(wanted: int, settings: GenerationConfig | None) -> None:
    writer = writer_of()
    writer.decoder.norm.bias.data.add_(10.0)  # whatever the words, the wanted piece is the likeliest by far
    writer.decoder.vocabulary.weight.data[wanted] = 1.0
    for report in unpadded(writer.write(memories(3), settings)):
        assert report[0] == BEGIN
        assert report[1] > MASK
        assert wanted != END or report[2:] == [END]
        assert all(piece > MASK or piece == END for piece in report[1:])


def test_sampling_is_the_same_with_the_same_seed(writer: ReportWriter) -> None:
    nucleus = GenerationConfig(do_sample=True, top_p=0.9)
    drawn = []
    for seed in (3, 3, 4):
        torch.manual_seed(seed)
        drawn.append(unpadded(writer.write(memories(4), nucleus)))
    assert drawn[0] == drawn[1]
    assert drawn[0] != drawn[2]


def test_the_smallest_nucleus_is_the_greedy_report(writer: ReportWriter) -> None:
    nucleus = GenerationConfig(do_sample=True, top_p=1e-6)
    assert torch.equal(writer.write(memories(4), nucleus), writer.write(memories(4)))


def test_a_report_ends_with_the_window_of_the_text_encoder() -> None:
    writer = writer_of()
    writer.decoder.vocabulary.weight.data[END] = 0.0
    writer.decoder.norm.bias.data.add_(10.0)
    writer.decoder.vocabulary.weight.data[9] = 1.0
    pieces = writer.write(memories(2))
    assert pieces.shape == (2, text_window(writer.text_encoder.config))
    assert read_text(writer.text_encoder, pieces).summary.shape == (2, WIDTH)


@pytest.mark.parametrize("is_cached", [True, False])
@pytest.mark.parametrize("num_beams", [1, 3])
def test_beginnings_of_unlike_length_are_continued_as_each_alone(
    writer: ReportWriter, is_cached: bool, num_beams: int
) -> None:
    begun = [[BEGIN, 7, 8, 9], [BEGIN, 11], [BEGIN]]
    read = writer.read_memory(memories(3))
    together = writer.generate(
        input_ids=torch.tensor([[PAD] * (4 - len(each)) + each for each in begun]),
        attention_mask=torch.tensor([[0] * (4 - len(each)) + [1] * len(each) for each in begun]),
        memory=read,
        max_length=None,
        max_new_tokens=6,
        num_beams=num_beams,
        use_cache=is_cached,
    )
    for row, each in enumerate(begun):
        alone = writer.generate(
            input_ids=torch.tensor([each]),
            memory=read[row : row + 1],
            max_length=None,
            max_new_tokens=6,
            num_beams=num_beams,
        )
        assert until_end(together[row : row + 1, 4 - len(each) :]) == until_end(alone)


def test_with_a_cache_each_word_is_read_once_and_the_ecg_before_the_first(writer: ReportWriter) -> None:
    counts: dict[str, list[int]] = {"words": [], "memory": []}
    places: dict[str, nn.Module] = {
        "words": writer.text_encoder.encoder.layer[0],
        "memory": writer.decoder.memory_key_value,
    }

    def counted(name: str) -> None:
        hooks.append(
            places[name].register_forward_hook(lambda _part, given, _made: counts[name].append(given[0].shape[1]))
        )

    hooks: list[torch.utils.hooks.RemovableHandle] = []
    for name in places:
        counted(name)
    writer.write(memories(2), GenerationConfig(max_length=6, min_new_tokens=5))
    writer.write(memories(2), GenerationConfig(max_length=6, min_new_tokens=5, use_cache=False))
    for hook in hooks:
        hook.remove()
    assert counts == {"words": [1, 1, 1, 1, 1, 1, 2, 3, 4, 5], "memory": [QUERIES, QUERIES]}


def test_its_weights_are_those_of_its_parts_and_stored_once() -> None:
    owner = nn.Module()
    made = writer_of()
    owner.text_encoder, owner.decoder = made.text_encoder, made.decoder
    before = {name: value.clone() for name, value in owner.state_dict().items()}
    writer = ReportWriter(owner.text_encoder, owner.decoder, settings_of())
    assert writer.state_dict().keys() == owner.state_dict().keys() == before.keys()
    assert all(torch.equal(value, before[name]) for name, value in owner.state_dict().items())
    assert {id(p) for p in writer.parameters()} == {id(p) for p in owner.parameters()}
    addresses = [value.data_ptr() for value in writer.state_dict().values()]
    assert len(set(addresses)) == len(addresses)


def test_a_writer_in_training_is_told_to_be_evaluated() -> None:
    writer = writer_of()
    writer.decoder.train()
    with pytest.raises(ConfigError, match=r"call eval\(\) first"):
        writer.write(memories(1))


def test_forward_takes_words_and_gives_logits_of_the_last_alone(writer: ReportWriter) -> None:
    ids, read = torch.randint(5, PIECES, (2, 6)), writer.read_memory(memories(2))
    whole, last = writer(ids, read), writer(ids, read, logits_to_keep=2, use_cache=True)
    torch.testing.assert_close(whole.logits[:, -2:], last.logits)
    torch.testing.assert_close(whole.logits, writer.decoder(read_text(writer.text_encoder, ids).words, memories(2)))
    assert whole.past_key_values is None
    assert last.past_key_values.get_seq_length() == 6


def test_settings_are_those_of_the_tokenizer_and_the_window() -> None:
    tokenizer = wrap_tokenizer(train_wordpiece(["sinus rhythm. normal ecg."], vocab_size=300))
    config = causal_config(BertConfig(vocab_size=len(tokenizer), max_position_embeddings=129))
    settings = writing_settings(tokenizer, config)
    assert (settings.bos_token_id, settings.eos_token_id, settings.pad_token_id) == (2, 3, 0)
    assert (settings.max_length, settings.suppress_tokens) == (128, [0, 1, 2, 4])
    settings.validate(strict=True)


def test_a_tokenizer_without_a_separator_is_refused() -> None:
    tokenizer = wrap_tokenizer(train_wordpiece(["sinus rhythm"], vocab_size=300))
    tokenizer.sep_token = None
    with pytest.raises(ConfigError, match="has no separator token"):
        writing_settings(tokenizer, causal_config(BertConfig()))
