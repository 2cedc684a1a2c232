"""A configuration file, what may be set over it, and errors that say the near name."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from datapipe.config import RunConfig
from datapipe.errors import ConfigError
from datapipe.settings import load_config, parse_config

FILE = """
name = "r"
store = "/tmp/never-used"

[input]
questions = ["q.jsonl", "~/more/*.jsonl"]

[generate]
model = "m"
api_key_env = "SOME_KEY"
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "sub" / "run.toml"
    file.parent.mkdir()
    file.write_text(FILE, encoding="utf-8")
    return file


def test_paths_are_relative_to_the_file(path: Path) -> None:
    config = load_config(path)
    assert config.input.questions == [str(path.parent / "q.jsonl"), str(Path.home() / "more/*.jsonl")]
    assert (config.generate.model, config.generate.n) == ("m", 8)
    assert config.folder == Path("/tmp/never-used/run=r")


def test_values_set_over_the_file_are_toml_or_text(path: Path) -> None:
    words = [
        "generate.n=4",
        "keep.high=0.5",
        "judge.model=other",
        "lanes=['verifiable']",
        "checks.no_loop.most=9",
    ]
    config = load_config(path, words)
    assert (config.generate.n, config.keep.high, config.judge.model) == (4, 0.5, "other")
    assert (config.lanes, config.checks) == (["verifiable"], {"no_loop": {"most": 9}})


def test_a_target_may_be_nothing_and_a_question_may_have_few_draws(path: Path) -> None:
    spend = load_config(path, ["spend.target={hard=0}", "spend.first=2", "spend.most=4"]).spend
    assert (spend.target, spend.first, spend.most) == ({"hard": 0}, 2, 4)


def test_fake_takes_the_place_of_both_models(path: Path) -> None:
    config = load_config(path, fake=True)
    assert (config.generate.backend, config.judge.backend) == ("fake", "fake")
    assert config.generate.model == "m"


@pytest.mark.parametrize(
    ("word", "why"),
    [
        ("generate.modl='x'", "generate.modl: unknown key; did you mean 'model'"),
        ("genrate.n=4", "genrate: unknown key; did you mean 'generate'"),
        ("keep.hihg=1", "keep.hihg: unknown key; did you mean 'high'"),
        ("rate.tiers.hrad=0.1", "rate.tiers.hrad: unknown key; did you mean 'hard'"),
        ("zzz=1", "zzz: unknown key; known are name, store"),
        ("generate.n=0", "generate.n: Input should be greater than or equal to 1"),
        ("generate.n=many", "generate.n: Input should be a valid integer"),
        ("rate.tiers.hard=0.7", "rate.tiers: edges must rise"),
        ("spend.target={hrd=5}", "spend.target.hrd"),
        (
            "spend.target={undetermined=5}",
            "target.undetermined = 5: a number from 0 for one of unsolved, hard",
        ),
        ("spend.target={hard=-1}", "target.hard = -1: a number from 0 for one of"),
        ("spend.most=4", "first, most and hard must rise: 8, 4, 32"),
        ("lanes=[]", "lanes: List should have at least 1 item"),
        ("store=here", "store: 'here' is not absolute"),
        ("name=has space", "name: String should match pattern"),
        ("name.x=1", "'name' is not a section"),
        ("nothing", "expected section.key=value"),
        (".n=1", "expected section.key=value"),
    ],
)
def test_what_is_wrong_is_named_with_the_near_name(path: Path, word: str, why: str) -> None:
    with pytest.raises(ConfigError) as error:
        load_config(path, [word])
    assert why in str(error.value)


@pytest.mark.parametrize(("text", "why"), [("name = ", "Invalid value"), ("\udcff", "utf-8")])
def test_a_file_that_is_no_toml_is_named(path: Path, text: str, why: str) -> None:
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ConfigError, match=rf"run\.toml: .*{why}"):
        load_config(path)
    with pytest.raises(ConfigError, match="no such file"):
        load_config(path.with_name("none.toml"))


def test_without_a_file_paths_must_be_absolute() -> None:
    data = {"name": "r", "store": "/tmp/never-used", "input": {"questions": ["q.jsonl"]}}
    with pytest.raises(ConfigError, match=r"'q\.jsonl' is relative"):
        parse_config(data, "the parameters")
    with pytest.raises(ConfigError, match="the parameters: "):
        parse_config([], "the parameters")


def test_a_configuration_survives_its_own_record(path: Path) -> None:
    config = load_config(path, ["generate.sampling.min_p=0.1"])
    assert parse_config(config.model_dump(mode="json"), "again") == config
    assert config.generate.sampling.model_dump()["min_p"] == 0.1


def test_a_key_is_named_and_never_stored(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_KEY", "sk-very-secret")
    text = load_config(path).model_dump_json()
    assert "SOME_KEY" in text
    assert "sk-very-secret" not in text


def test_digests_change_with_their_sections_alone(path: Path) -> None:
    one, other = load_config(path), load_config(path, ["keep.high=0.5"])
    assert one.digest("rate", "seed") == other.digest("rate", "seed")
    assert one.digest("keep") != other.digest("keep")


@pytest.mark.parametrize(
    "url", ["http://user:pa55w@host:1/v1", "http://host/v1?key=pa55w", "http://host/v1#pa55w"]
)
@pytest.mark.parametrize("role", ["generate", "judge"])
def test_a_password_in_a_url_is_refused_before_anything_is_saved(path: Path, role: str, url: str) -> None:
    with pytest.raises(ConfigError, match=rf"{role}\.servers: URL 2 holds .*api_key_env") as error:
        load_config(path, [f"{role}.servers=['http://fine/v1', '{url}']"])
    assert "pa55w" not in str(error.value)
    with pytest.raises(ValidationError) as raw:
        RunConfig.model_validate(
            {"name": "r", "store": "/x", "input": {"questions": ["q"]}, role: {"servers": [url]}}
        )
    assert "pa55w" not in str(raw.value)
    with pytest.raises(ConfigError) as error:
        load_config(path, [f"name.servers={url}"])
    assert "pa55w" not in str(error.value)


@pytest.mark.parametrize("key", ["temprature", "top-p", "repitition_penalty", "Min_P", "max_p"])
def test_a_sampling_key_that_is_nearly_a_known_one_is_a_slip(path: Path, key: str) -> None:
    if key == "max_p":
        assert load_config(path, ["generate.sampling.max_p=1"]).generate.sampling.model_dump()["max_p"] == 1
        return
    with pytest.raises(ConfigError, match=rf"generate\.sampling: '{key}' is no key.*did you mean"):
        load_config(path, [f"generate.sampling.{key}=1"])
