"""What a system learns is read from its configs before anything is trained."""

import pytest

from emojudge.errors import ConfigError
from emojudge.pipeline.config import RunConfig
from emojudge.pipeline.systems import read_systems


def system(tmp_path, *texts):
    """Return the one system of some config files."""
    paths = []
    for k, text in enumerate(texts):
        paths.append(tmp_path / f"{k}.yaml")
        paths[-1].write_text(text)
    return read_systems(RunConfig(systems={"words": [str(path) for path in paths]}))[0]


@pytest.mark.parametrize(
    ("model_class", "tasks", "files"),
    [
        ("emojudge.models.EmotionClassifier", ("emotion",), ["words/predictions.parquet"]),
        ("AttributeRegressor", ("attributes",), ["words/predictions.parquet"]),
        ("MultiTaskLearner", ("emotion", "attributes"), ["words/predictions.parquet", "words/predictions_attributes.parquet"]),
    ],
)
def test_the_model_class_tells_tasks_and_files(tmp_path, model_class, tasks, files):
    found = system(tmp_path, f"model: {{class_path: {model_class}}}")
    assert (found.tasks, list(found.files), list(found.files.values())) == (tasks, list(tasks), files)


def test_the_last_config_that_names_a_model_decides(tmp_path):
    texts = ("model: {class_path: EmotionClassifier}", "model: {class_path: AttributeRegressor}", "model: {init_args: {network: {}}}", "")
    assert system(tmp_path, *texts).tasks == ("attributes",)
    assert system(tmp_path, texts[1], "model: emojudge.models.EmotionClassifier").tasks == ("emotion",)


def test_a_shipped_config_is_found_by_name():
    config = RunConfig(systems={"text": ["trainer/cpu.yaml", "model/roberta_small.yaml"]})
    assert [(found.name, found.tasks) for found in read_systems(config)] == [("text", ("emotion",))]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("trainer: {max_epochs: 1}", r"system 'words': none of its configs names a model \(model.class_path\)"),
        ("- a list", "none of its configs names a model"),
        ("model: {class_path: EmotionClasifier}", "there is no model class 'EmotionClasifier'"),
        ("model: {class_path: emojudge.models.EmotionClasifier}", "Did you mean 'emojudge.models.EmotionClassifier'"),
        ("model: {class_path: no_such_package.Model}", "there is no model class 'no_such_package.Model'"),
        ("model: {class_path: torch.nn.Linear}", "torch.nn.Linear does not say what it learns; give it tasks, some of emotion, attributes"),
        ("model: {class_path: [", r"0\.yaml: not readable as YAML"),
    ],
)
def test_a_system_without_a_known_task_is_refused_in_one_line(tmp_path, text, words):
    with pytest.raises(ConfigError, match=words) as refused:
        system(tmp_path, text)
    assert "\n" not in str(refused.value)
