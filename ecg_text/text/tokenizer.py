"""A WordPiece tokenizer trained on reports, the same bytes from the same texts on every run and machine."""

from __future__ import annotations

import heapq
import string
from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import pairwise

from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from ecg_text.errors import TextError

SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
CONTINUATION = "##"

# Characters that a user may type though no report holds them: they must not become [UNK].
ALPHABET = (
    string.ascii_lowercase + string.digits + string.punctuation + "äöüßåéèêëáàâãæçíìîïñóòôõøœúùûý°±µμ×²½≥≤–—’‘“”…"
)

Pair = tuple[str, str]


def train_wordpiece(texts: Iterable[str], *, vocab_size: int, min_frequency: int = 2) -> Tokenizer:
    """Train a lower-casing WordPiece tokenizer of at most vocab_size pieces; umlauts and accents are kept.

    Pieces are merged by the count of neighbouring pairs, ties in alphabetical order, so that equal texts give an
    equal tokenizer (the trainer of `tokenizers` breaks ties in hash order). Ids 0 to 4 are SPECIAL_TOKENS; all
    characters seen, and ALPHABET, are pieces. A text is encoded as `[CLS] text [SEP]`. Raises TextError where
    the texts hold no word or vocab_size has no room for the characters.
    """
    words = count_words(texts)
    if not words:
        raise TextError("the texts to train the tokenizer on hold no word; give at least one report")
    pieces = [*SPECIAL_TOKENS, *_characters(words)]
    if len(pieces) > vocab_size:
        raise TextError(f"vocab_size is {vocab_size} but the characters alone need {len(pieces)}; give a larger one")
    pieces += _merged_pieces(words, known=pieces, vocab_size=vocab_size, min_frequency=min_frequency)
    return build_wordpiece(pieces)


def build_wordpiece(pieces: Iterable[str]) -> Tokenizer:
    """The tokenizer of these pieces, numbered in their order; the first five are SPECIAL_TOKENS."""
    vocab = {piece: number for number, piece in enumerate(pieces)}
    tokenizer = Tokenizer(models.WordPiece(vocab=vocab, unk_token="[UNK]", continuing_subword_prefix=CONTINUATION))
    tokenizer.normalizer = _normalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece(prefix=CONTINUATION)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[(token, vocab[token]) for token in ("[CLS]", "[SEP]")],
    )
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in SPECIAL_TOKENS])
    return tokenizer


def count_words(texts: Iterable[str]) -> Counter[str]:
    """How often each word, as the tokenizer normalises and splits it, occurs in the texts."""
    normalizer, splitter = _normalizer(), pre_tokenizers.BertPreTokenizer()
    counts: Counter[str] = Counter()
    for text, times in Counter(texts).items():
        for word, _ in splitter.pre_tokenize_str(normalizer.normalize_str(text)):
            counts[word] += times
    return counts


def _normalizer() -> normalizers.Normalizer:
    bert = normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=True, strip_accents=False, lowercase=True)
    return normalizers.Sequence([normalizers.NFC(), bert])


def _characters(words: Iterable[str]) -> list[str]:
    """All characters in alphabetical order: at the start of a word, then, unless they always stand alone, inside."""
    characters = sorted({*ALPHABET, *(character for word in words for character in word)})
    return characters + [CONTINUATION + character for character in characters if character not in string.punctuation]


def _merged_pieces(words: Counter[str], *, known: list[str], vocab_size: int, min_frequency: int) -> list[str]:
    """The pieces made by merging, most frequent pair first, until the vocabulary is full or pairs are too rare."""
    spellings = [[word[0], *(CONTINUATION + character for character in word[1:])] for word in sorted(words)]
    counts = [words[word] for word in sorted(words)]
    pairs: Counter[Pair] = Counter()
    homes: defaultdict[Pair, set[int]] = defaultdict(set)
    for number, spelling in enumerate(spellings):
        for pair in pairwise(spelling):
            pairs[pair] += counts[number]
            homes[pair].add(number)
    queue = [(-count, pair) for pair, count in pairs.items()]
    heapq.heapify(queue)
    seen = set(known)
    merged: list[str] = []
    while queue and len(known) + len(merged) < vocab_size:
        count, pair = heapq.heappop(queue)
        if -count != pairs[pair]:  # the pair was counted anew since; its true entry is in the queue
            continue
        if -count < min_frequency:
            break
        piece = pair[0] + pair[1].removeprefix(CONTINUATION)
        if piece not in seen:
            seen.add(piece)
            merged.append(piece)
        for changed in _merge_everywhere(pair, piece, spellings, counts, pairs, homes):
            if pairs[changed] > 0:
                heapq.heappush(queue, (-pairs[changed], changed))
    return merged


def _merge_everywhere(
    pair: Pair,
    piece: str,
    spellings: list[list[str]],
    counts: list[int],
    pairs: Counter[Pair],
    homes: defaultdict[Pair, set[int]],
) -> set[Pair]:
    """Merge the pair in every word that holds it; keep the counts in step; return the pairs whose count changed."""
    changed: set[Pair] = set()
    for number in homes.pop(pair):
        old = spellings[number]
        new = spellings[number] = _merge(old, pair, piece)
        for gone in pairwise(old):
            pairs[gone] -= counts[number]
            changed.add(gone)
        for come in pairwise(new):
            pairs[come] += counts[number]
            homes[come].add(number)
            changed.add(come)
    return changed


def _merge(spelling: list[str], pair: Pair, piece: str) -> list[str]:
    merged: list[str] = []
    position = 0
    while position < len(spelling):
        if tuple(spelling[position : position + 2]) == pair:
            merged.append(piece)
            position += 2
        else:
            merged.append(spelling[position])
            position += 1
    return merged
