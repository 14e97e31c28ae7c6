"""Stage 7: prompts for benchmarks, cut from packages that were held out of training. Those of chat, json and copy are our own, and so is
part of the prose: they are read from <kind>.txt.

Every prompt ends inside something that wants to go on; those that are cut out end where a line ends, at about 200 tokens."""
import json
import random
import re

from paths import PROMPTS, RECIPE, replace_file, work
from tokenizer import Tokenizer

START = re.compile(r"^(?:export |async |function |class |const \w+ = (?:async )?\(|/\*\*)", re.M)
FUNCTION = re.compile(r"^(?:export )?(?:async )?function (\w+)\(([^)]*)\)[^\n]*\{\n(?:.*\n)*?\}\n", re.M)
NEW_NAMES = ["input", "item", "current", "source", "entry"]


def held_out():
    with open(work("heldout.jsonl")) as f:
        return [json.loads(line) for line in f]


def source(document):
    return f"{document['package']} {document['version']}, {document['path']} ({document['license']})"


def spread(documents, rng):
    """Documents, the packages taking turns."""
    piles = {}
    for document in rng.sample(documents, len(documents)):
        piles.setdefault(document["package"], []).append(document)
    while piles:
        for package in sorted(piles):
            yield piles[package].pop()
            if not piles[package]:
                del piles[package]


def cut(text, start, tokenizer, length):
    """About `length` tokens from `start`, up to the end of a line; None if the text ends too soon to leave something to write."""
    ids, lines = 0, []
    for line in text[start:].splitlines(keepends=True):
        ids += len(tokenizer.encode(line))
        lines.append(line)
        if ids >= length:
            break
    found = "".join(lines)
    return found if ids >= length and len(text) - start - len(found) > 300 and ids < length + 40 else None


def code(tokenizer, rng, count):
    found = []
    for document in spread([d for d in held_out() if d["kind"] in ("js", "ts") and len(d["text"]) > 1500], rng):
        starts = [m.start() for m in START.finditer(document["text"])]
        rng.shuffle(starts)
        text = next((t for s in starts[:8] if (t := cut(document["text"], s, tokenizer, 190)) and t.count("*") < 25), None)
        if text:
            found.append({"id": f"code-{len(found) + 1:02}", "text": text, "source": source(document)})
        if len(found) == count:
            return found
    return found


def own(kind):
    """Prompts of our own, from `<kind>.txt`: parted by lines of `%%`, each with what might come next after a line `%% prediction`."""
    with open(f"{RECIPE}/{kind}.txt") as f:
        texts = f.read().strip("\n").split("\n%%\n")
    found = []
    for i, whole in enumerate(texts):
        text, *prediction = whole.split("\n%% prediction\n")
        found.append({"id": f"{kind}-{i + 1:02}", "text": text, **({"prediction": prediction[0] + "\n"} if prediction else {})})
    return found


def prose(tokenizer, rng, count):
    found = own("prose")
    for document in spread([d for d in held_out() if d["kind"] == "md"], rng):
        starts = [m.start() for m in re.finditer(r"^#+ ", document["text"], re.M)]
        for start in rng.sample(starts, min(3, len(starts))):
            text = cut(document["text"], start, tokenizer, 150)
            if text and len(found) < count:
                found.append({"id": f"prose-{len(found) + 1:02}", "text": text, "source": source(document)})
    return found


def edits(tokenizer, rng, count):
    """A function, and the start of the same with a name changed, up to the first line that has it. What is left to write is 128 to 260
    tokens, so that a text of usual length is copying to its end. `prediction` is what a program that asks for such an edit has at hand:
    the rest of the function as it was. The rule looks at the source alone, never at what a model makes of it."""
    found = []
    for document in spread([d for d in held_out() if d["kind"] in ("js", "ts")], rng):
        for match in FUNCTION.finditer(document["text"]):
            whole, names = match.group(), re.findall(r"(\w+)\s*[,:=)?]", match.group(2) + ")")
            old = next((n for n in names if len(n) > 2 and len(re.findall(rf"\b{n}\b", whole)) >= 3), None)
            new = next((n for n in NEW_NAMES if n not in whole), None)
            if not old or not new:
                continue
            copy = re.sub(rf"\b{old}\b", new, whole)
            first = copy[:copy.index("\n", copy.index(new)) + 1]  # up to the first renamed line
            if not 128 <= len(tokenizer.encode(copy[len(first):])) <= 260:
                continue
            language = "ts" if document["kind"] == "ts" else "js"
            text = f"```{language}\n{whole}```\n\nThe same function, with `{old}` renamed to `{new}`:\n\n```{language}\n{first}"
            prediction = "".join(whole.splitlines(keepends=True)[first.count("\n"):])
            found.append({"id": f"edit-{len(found) + 1:02}", "text": text, "prediction": prediction, "source": source(document)})
            break
        if len(found) == count:
            break
    return found


def main():
    tokenizer = Tokenizer.load(work("tokenizer.json"))
    cuts = (("code", code, 48), ("prose", prose, 24), ("edits", edits, 24))
    made = {name: make(tokenizer, random.Random(11), count) for name, make, count in cuts}
    for name, found in {**made, **{name: own(name) for name in ("chat", "json", "copy")}}.items():
        replace_file(f"{PROMPTS}/{name}.json", json.dumps(found, indent=2, ensure_ascii=False) + "\n")
        lengths = [len(tokenizer.encode(p["text"])) for p in found]
        print(f"{name}: {len(found)} prompts of {min(lengths)} to {max(lengths)} tokens")


if __name__ == "__main__":
    main()
