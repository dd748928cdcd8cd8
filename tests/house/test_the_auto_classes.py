"""After `import ecg_text`, in whichever order, the Auto classes of transformers know the package's models."""

import subprocess
import sys
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


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds no more than the name of the model's kind."""
    folder = tmp_path_factory.mktemp("model")
    (folder / "config.json").write_text('{"model_type": "ecg_text"}')
    return folder


def python(code: str, repository: Path) -> str:
    done = subprocess.run([sys.executable, "-c", code], cwd=repository, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


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
def test_any_order_of_imports_will_do(imports: str, repository: Path, folder: Path) -> None:
    assert python(imports + ASK.format(folder=str(folder)), repository) == "known"


@pytest.mark.slow
def test_every_auto_class_gets_its_own_method_back(repository: Path, folder: Path) -> None:
    code = (
        "import ecg_text; from transformers import AutoConfig\n"
        "def asks(): return hasattr(vars(AutoConfig)['from_pretrained'].__func__, 'asks_ecg_text')\n"
        f"before = asks(); AutoConfig.from_pretrained({str(folder)!r}); print(before, asks())"
    )
    assert python(code, repository) == "True False"


@pytest.mark.slow
def test_importing_transformers_afterwards_does_not_import_the_models(repository: Path) -> None:
    code = (
        "import sys, ecg_text, transformers; transformers.AutoConfig; "
        "print([name for name in sys.modules if name.startswith('ecg_text.models')])"
    )
    assert python(code, repository) == "[]"


@pytest.mark.slow
def test_a_configuration_alone_is_enough_for_a_model(repository: Path) -> None:
    code = (
        "import ecg_text; from transformers import AutoModel; from transformers.models.auto.modeling_auto import "
        "MODEL_MAPPING; config = ecg_text.EcgTextModel.config_class; print(MODEL_MAPPING[config].__name__)"
    )
    assert python(code, repository) == "EcgTextModel"
