"""What the code never does: run text, unpickle, start a shell, or load weights that can run."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from klankbord.models import installed_models
from klankbord.resources import bundled

FORBIDDEN = frozenset({
    "eval", "exec", "compile", "__import__", "execfile", "os.system", "os.popen", "os.execv",
    "os.execve", "os.execvp", "os.execl", "os.spawnv", "os.spawnl", "os.startfile", "pty.spawn",
    "pickle.load", "pickle.loads", "pickle.Unpickler", "cPickle.loads", "dill.load", "dill.loads",
    "cloudpickle.load", "cloudpickle.loads", "joblib.load", "marshal.loads", "marshal.load",
    "shelve.open", "pandas.read_pickle", "pd.read_pickle", "torch.load", "np.load", "numpy.load",
    "yaml.load", "yaml.unsafe_load", "yaml.full_load", "tempfile.mktemp", "subprocess.getoutput",
    "subprocess.getstatusoutput", "code.interact", "runpy.run_path", "tarfile.open",
    "importlib.import_module", "xml.etree.ElementTree.parse", "xml.etree.ElementTree.fromstring",
    "ElementTree.parse", "ElementTree.fromstring", "etree.fromstring",
    "urllib.request.urlopen", "urlopen", "socket.socket", "ctypes.CDLL", "setattr.__globals__",
})  # fmt: skip
IMPORTS = frozenset({
    "pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve", "yaml", "socket",
    "http", "urllib.request", "requests", "httpx", "ftplib", "smtplib", "telnetlib", "ctypes",
    "tarfile", "xmlrpc", "pty", "runpy", "code",
})  # fmt: skip
LOADERS = frozenset({"from_pretrained", "SentenceTransformer", "snapshot_download"})
WEIGHTS = frozenset({".safetensors", ".onnx", ".json", ".cfg", ".md"})


def faults(source: str) -> Iterator[str]:
    """Yield what a module does that none may, with its line."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            yield from (
                f"{node.lineno}: import {name}"
                for name in names
                if name in IMPORTS or name.split(".")[0] in IMPORTS
            )
        elif isinstance(node, ast.Call):
            yield from _call(node)


def _call(node: ast.Call) -> Iterator[str]:
    name = ast.unparse(node.func)
    given = {word.arg: ast.unparse(word.value) for word in node.keywords if word.arg}
    if name in FORBIDDEN:
        yield f"{node.lineno}: {name}"
    if given.get("shell", "False") != "False":
        yield f"{node.lineno}: shell"
    if given.get("allow_pickle", "False") != "False" or given.get("weights_only") == "False":
        yield f"{node.lineno}: pickle"
    if given.get("trust_remote_code", "False") != "False":
        yield f"{node.lineno}: code that comes with a model"
    if name.rpartition(".")[2] == "run" and name.startswith("subprocess"):
        words = node.args[0] if node.args else None
        if not isinstance(words, ast.List):
            yield f"{node.lineno}: a command that is no list"
    if name.endswith("Environment") and "select_autoescape(default=True" not in given.get(
        "autoescape", ""
    ):
        yield f"{node.lineno}: autoescape"


def modules(checkout: Path) -> list[Path]:
    return sorted((checkout / "src").rglob("*.py"))


def test_no_module_runs_text_or_unpickles(checkout: Path) -> None:
    found = {path.name: list(faults(path.read_text("utf-8"))) for path in modules(checkout)}
    assert len(found) > 200
    assert {name: told for name, told in found.items() if told} == {}


@pytest.mark.parametrize(
    "bad",
    [
        "import pickle", "from joblib import load", "eval('1')", "exec(x)", "import urllib.request",
        "subprocess.run(x, shell=True)", "subprocess.run('ls')", "np.load(p, allow_pickle=True)",
        "torch.load(p)", "yaml.load(x)", "M.from_pretrained(p, trust_remote_code=True)",
        "Environment(autoescape=False)", "os.system('ls')", "import socket", "tempfile.mktemp()",
    ],
)  # fmt: skip
def test_each_of_them_would_be_seen(bad: str) -> None:
    assert list(faults(bad))


def test_weights_of_others_are_read_as_safetensors_and_without_code(checkout: Path) -> None:
    """Every loader of transformers says so; a folder with pickled weights alone is refused."""
    seen = 0
    for path in modules(checkout):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = ast.unparse(node.func).rpartition(".")[2]
            if name not in LOADERS or "StaticModel" in ast.unparse(node.func):
                continue
            seen += 1
            told = ast.unparse(node)
            assert "local_files_only=True" in told or "**local" in told, (path.name, told)
            if "Model" in told and "Tokenizer" not in told:
                assert "use_safetensors" in told, (path.name, told)
            if name == "SentenceTransformer":
                assert "trust_remote_code=False" in told
                assert "use_safetensors" in told
    assert seen >= 4


def test_bundled_weights_are_of_a_kind_that_cannot_run() -> None:
    """spaCy's own files are msgpack and tables; whatever else is there is not loaded as code."""
    for card in installed_models():
        for path in card.folder.rglob("*"):
            if path.is_file():
                content = path.read_bytes()
                pickled = content[:1] == b"\x80" and content[1:2] in (
                    b"\x02",
                    b"\x03",
                    b"\x04",
                    b"\x05",
                )
                assert path.suffix == ".safetensors" or not (pickled and content[-1:] == b"."), path
                assert not content.startswith(b"PK"), path
                if "spacy" not in card.name:
                    assert path.suffix in WEIGHTS, path


def test_every_file_of_a_bundled_model_is_on_its_card() -> None:
    for card in installed_models():
        there = {
            path.relative_to(card.folder).as_posix()
            for path in card.folder.rglob("*")
            if path.is_file()
        }
        assert there - {"card.json", "README.md"} == {name for name, _ in card.sha256}, card.name
        assert bundled(f"models/{card.folder.name}") == card.folder
