"""Where the stages of the recipe keep their things."""
import os

RECIPE = os.path.dirname(os.path.abspath(__file__))
PACKAGE = os.path.dirname(RECIPE)
WORK = os.path.join(RECIPE, ".work")
SOURCES = os.path.join(RECIPE, "sources")
MODELS = os.path.join(PACKAGE, "models")
PROMPTS = os.path.join(PACKAGE, "prompts")
os.makedirs(WORK, exist_ok=True)


def work(name):
    return os.path.join(WORK, name)


def replace_file(path, data):
    """Writes bytes or text so that a reader sees the old file or the new one, never half of it."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    temporary = path + ".tmp"
    with open(temporary, "wb") as f:
        f.write(data.encode() if isinstance(data, str) else data)
    os.replace(temporary, path)
