"""Byte-level BPE: learning the merges, encoding, decoding, and the Hugging Face form of the file.

The pre-tokeniser's expression is the one llama.cpp calls `qwen2`, so both split text alike."""
import collections
import json
import re

SPECIALS = ["<|endoftext|>", "<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"]
PATTERN = (r"(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
           r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
# Python's `re` has no \p{..}: a letter is a word character that is neither a digit nor an underscore.
SPLIT = re.compile(PATTERN.replace(r"[^\r\n\p{L}\p{N}]", r"(?:[^\r\n\w]|_)").replace(r"[^\s\p{L}\p{N}]", r"(?:[^\s\w]|_)")
                   .replace(r"\p{L}", r"[^\W\d_]").replace(r"\p{N}", r"\d"))


def byte_alphabet():
    """GPT-2's printable character for every byte."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [b for b in range(256) if b not in printable]
    return {**{b: chr(b) for b in printable}, **{b: chr(256 + i) for i, b in enumerate(others)}}


BYTES = byte_alphabet()
UNBYTES = {c: b for b, c in BYTES.items()}


def learn(texts, vocab_size):
    """The classic algorithm over distinct words; only the words that hold the merged pair are touched."""
    counts = collections.Counter()
    for text in texts:
        counts.update(SPLIT.findall(text))
    words = [[BYTES[b] for b in w.encode()] for w in counts]
    weight = list(counts.values())
    pairs, where = collections.Counter(), collections.defaultdict(set)
    for i, word in enumerate(words):
        for pair in zip(word, word[1:]):
            pairs[pair] += weight[i]
            where[pair].add(i)
    merges = []
    while len(merges) < vocab_size - 256 - len(SPECIALS):
        best = max(pairs, key=lambda p: (pairs[p], p))
        merges.append(best)
        joined = best[0] + best[1]
        for i in where.pop(best):
            old = words[i]
            new, j = [], 0
            while j < len(old):
                if j + 1 < len(old) and (old[j], old[j + 1]) == best:
                    new.append(joined)
                    j += 2
                else:
                    new.append(old[j])
                    j += 1
            for pair in zip(old, old[1:]):
                pairs[pair] -= weight[i]
                if pairs[pair] <= 0:
                    del pairs[pair]
            for pair in zip(new, new[1:]):
                pairs[pair] += weight[i]
                where[pair].add(i)
            words[i] = new
        pairs.pop(best, None)
    return merges


class Tokenizer:
    def __init__(self, merges):
        self.merges = [tuple(m) for m in merges]
        self.tokens = [BYTES[b] for b in sorted(BYTES, key=lambda b: BYTES[b])] + [a + b for a, b in self.merges] + SPECIALS
        self.ids = {t: i for i, t in enumerate(self.tokens)}
        self.rank = {m: i for i, m in enumerate(self.merges)}
        self.eos, self.prefix, self.suffix, self.middle = (self.ids[s] for s in SPECIALS)
        self.cache = {}

    @classmethod
    def load(cls, path):
        with open(path) as f:
            return cls([m.split(" ") for m in json.load(f)["model"]["merges"]])

    def word(self, word):
        known = self.cache.get(word)
        if known is not None:
            return known
        parts = [BYTES[b] for b in word.encode()]
        while len(parts) > 1:
            rank, at = min((self.rank.get(p, 1 << 30), i) for i, p in enumerate(zip(parts, parts[1:])))
            if rank == 1 << 30:
                break
            parts[at:at + 2] = [parts[at] + parts[at + 1]]
        known = self.cache[word] = [self.ids[p] for p in parts]
        return known

    def encode(self, text):
        return [i for w in SPLIT.findall(text) for i in self.word(w)]

    def decode(self, ids):
        first_special = len(self.tokens) - len(SPECIALS)
        return bytes(UNBYTES[c] for i in ids if i < first_special for c in self.tokens[i]).decode(errors="replace")

    def to_json(self):
        level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}
        split = {"type": "Split", "pattern": {"Regex": PATTERN}, "behavior": "Isolated", "invert": False}
        flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
        return json.dumps({
            "version": "1.0", "truncation": None, "padding": None,
            "added_tokens": [{"id": self.ids[s], "content": s, **flags} for s in SPECIALS],
            "normalizer": None,
            "pre_tokenizer": {"type": "Sequence", "pretokenizers": [split, level]},
            "post_processor": level, "decoder": level,
            "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": "",
                      "end_of_word_suffix": "", "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
                      "vocab": {t: i for i, t in enumerate(self.tokens)}, "merges": [" ".join(m) for m in self.merges]},
        }, ensure_ascii=False)
