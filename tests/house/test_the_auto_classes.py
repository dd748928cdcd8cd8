"""After `import ecg_text`, in whichever order, the Auto classes of transformers know the package's models.

Each order needs an interpreter that has imported neither; what both import besides, it may have: forks of one that has.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ASK = """
try:
    AutoConfig.from_pretrained({folder!r})
except Exception as error:
    print("unknown", type(error).__name__, error)
else:
    print("known")
"""

# Runs each line that it is given, a program in JSON, in a fork, and answers with its exit status and what it printed.
FORKS = """
import json, os, sys, traceback
import accelerate, huggingface_hub, scipy.signal, torch._dynamo

assert not {"ecg_text", "transformers"} & set(sys.modules)
for line in sys.stdin:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.dup2(writer, 1)
        status = 0
        try:
            exec(json.loads(line), {"__name__": "__main__"})
        except BaseException:
            traceback.print_exc()
            status = 1
        sys.stdout.flush()
        os._exit(status)
    os.close(writer)
    with os.fdopen(reader) as told:
        said = told.read()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print(json.dumps([status, said.strip()]), flush=True)
"""

Python = Callable[[str], str]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds no more than the name of the model's kind."""
    folder = tmp_path_factory.mktemp("model")
    (folder / "config.json").write_text('{"model_type": "ecg_text"}')
    return folder


@pytest.fixture(scope="module")
def python(repository: Path) -> Iterator[Python]:
    """What a program prints in an interpreter that has imported neither package nor transformers."""
    command = [sys.executable, "-c", FORKS]
    with subprocess.Popen(
        command, cwd=repository, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as forks:

        def run(code: str) -> str:
            assert forks.stdin is not None
            assert forks.stdout is not None
            forks.stdin.write(json.dumps(code) + "\n")
            status, said = json.loads(forks.stdout.readline())
            assert status == 0
            return str(said)

        yield run


@pytest.mark.slow
@pytest.mark.parametrize(
    "imports",
    [
        "import ecg_text; from transformers import AutoConfig",
        "from transformers import AutoConfig; import ecg_text",
        "import transformers, ecg_text; from transformers import AutoConfig",
        "import ecg_text; from transformers import AutoModel, AutoConfig",
        "import ecg_text; ecg_text.EcgTextModel; from transformers import AutoConfig",
    ],
)
def test_any_order_of_imports_will_do(imports: str, python: Python, folder: Path) -> None:
    assert python(imports + ASK.format(folder=str(folder))) == "known"


@pytest.mark.slow
def test_every_auto_class_gets_its_own_method_back(python: Python, folder: Path) -> None:
    code = (
        "import ecg_text; from transformers import AutoConfig\n"
        "def asks(): return hasattr(vars(AutoConfig)['from_pretrained'].__func__, 'asks_ecg_text')\n"
        f"before = asks(); AutoConfig.from_pretrained({str(folder)!r}); print(before, asks())"
    )
    assert python(code) == "True False"


@pytest.mark.slow
def test_importing_transformers_afterwards_does_not_import_the_models(python: Python) -> None:
    code = (
        "import sys, ecg_text, transformers; transformers.AutoConfig; "
        "print([name for name in sys.modules if name.startswith('ecg_text.models')])"
    )
    assert python(code) == "[]"


@pytest.mark.slow
def test_a_configuration_alone_is_enough_for_a_model(python: Python) -> None:
    code = (
        "import ecg_text; from transformers import AutoModel; from transformers.models.auto.modeling_auto import "
        "MODEL_MAPPING; config = ecg_text.EcgTextModel.config_class; print(MODEL_MAPPING[config].__name__)"
    )
    assert python(code) == "EcgTextModel"
