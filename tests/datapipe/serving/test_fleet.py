"""A FLEET.toml is checked before anything starts, by file and key."""

import socket
from pathlib import Path

import pytest

from datapipe.errors import ConfigError
from datapipe.serving.fleet import make_plan
from tests.datapipe.serving.fleets import put_fleet, put_recipe, put_vllm
from tests.ports import kept_port

ROOT = Path(__file__).parents[3]
RECIPES = ROOT / "infra" / "vllm" / "recipes"


@pytest.fixture
def there(tmp_path, monkeypatch):
    put_vllm(tmp_path, monkeypatch)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1,2,3,4,5,6,7")
    put_recipe(tmp_path)
    put_recipe(tmp_path, "big", gpus=2)
    return tmp_path


def refused(folder: Path, *tables: str, **top: object) -> str:
    with pytest.raises(ConfigError) as error:
        make_plan(put_fleet(folder, *tables, **top))
    assert str(error.value).startswith(f"{folder}/fleet.toml: ")
    return str(error.value).removeprefix(f"{folder}/fleet.toml: ")


def test_workers_have_names_commands_and_roles(there):
    plan = make_plan(
        put_fleet(
            there,
            'recipe = "fake.toml"\ncount = 2\nargs = ["--seed", "1"]',
            'recipe = "fake.toml"\nroles = ["judge"]',
        )
    )
    assert [each.name for each in plan.workers] == ["fake-0", "fake-1", "fake-2"]
    assert plan.workers[0].command == (
        str(there / "bin" / "vllm"),
        *("serve", str(there / "model"), "--seed", "1"),
    )
    assert [each.roles for each in plan.workers] == [("generate", "judge")] * 2 + [("judge",)]
    assert plan.folder == there / "fleet.serve"


def test_gpus_are_handed_out_once_each_and_together(there):
    plan = make_plan(
        put_fleet(
            there,
            'recipe = "big.toml"\ncount = 2',
            'recipe = "big.toml"\ngpus = [2, 3, 6, 7]',
            'recipe = "fake.toml"',
        )
    )
    assert [each.gpus for each in plan.workers] == [("0", "1"), ("4", "5"), ("2", "3"), ("6", "7"), ()]


def test_a_recipe_is_a_fleet_of_one(there):
    (worker,) = make_plan(there / "fake.toml").workers
    assert (worker.name, worker.port, worker.gpus) == ("fake-0", 0, ())


def test_a_models_folder_is_seen_from_the_file_that_names_it(there):
    (there / "below").mkdir()
    put_recipe(there / "below")
    plan = make_plan(
        put_fleet(
            there,
            'recipe = "below/fake.toml"',
            'recipe = "below/fake.toml"\nmodel = "./model"',
            'recipe = "below/fake.toml"\nmodel = "org/name"',
        )
    )
    models = [each.command[2] for each in plan.workers]
    assert models == [str(there / "below" / "model"), str(there / "model"), "org/name"]


def test_ports_follow_each_other(there):
    with kept_port() as port:
        plan = make_plan(
            put_fleet(there, f'recipe = "fake.toml"\nport = {port}\ncount = 1', 'recipe = "fake.toml"')
        )
    assert [each.port for each in plan.workers] == [port, 0]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (
            'recipe = "nowhere.toml"',
            "workers[0].recipe: {}/nowhere.toml: no such file; in its folder are big.toml, fake.toml, fl",
        ),
        ('recipe = "no/where.toml"', "workers[0].recipe: {}/no/where.toml: no such file"),
        (
            'recipes = "fake.toml"',
            "workers[0].recipe: Field required; workers[0].recipes: unknown key; did you mean",
        ),
        ('recipe = "fake.toml"\ncount = 0', "workers[0].count: Input should be greater than or equal to 1"),
        ('recipe = "fake.toml"\nroles = ["x"]', "workers[0].roles[0]: Input should be 'generate', 'judge'"),
        ('recipe = "fake.toml"\ngpus = [0]', "workers[0].gpus: the recipe fake.toml takes none"),
        ('recipe = "fake.toml"\nmodel = "./other"', "workers[0].model: {}/other holds no model"),
        (
            'recipe = "big.toml"\ncount = 5',
            "workers[0]: 5 × big.toml at 2 GPUs each need 10, and 8 are left of",
        ),
        (
            'recipe = "big.toml"\ngpus = [1]',
            "workers[0]: 1 × big.toml at 2 GPUs each need 2, and 1 are named",
        ),
        ('recipe = "big.toml"\ngpus = [1, 1]', "workers[0].gpus: 1 is named twice"),
        (
            'recipe = "big.toml"\ngpus = [7, 8]',
            "workers[0].gpus: this machine shows no GPU 8; there are: 0, 1",
        ),
        (
            'recipe = "fake.toml"\nport = 70000',
            "workers[0].port: Input should be less than or equal to 65535",
        ),
    ],
)
def test_what_cannot_be_is_told_by_key(there, table, said):
    assert refused(there, table).startswith(said.format(there))


def test_an_unknown_key_of_a_table_is_told(there):
    assert "restart.backof_s: unknown key; did you mean 'backoff_s'?" in refused(
        there, 'recipe = "fake.toml"', restart={"backof_s": 1}
    )


def test_a_taken_port_is_told_before_anything_starts(there):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = refused(there, f'recipe = "fake.toml"\nport = {port}')
    assert said.startswith(f"workers[0].port: port {port} on 127.0.0.1 cannot be had")


def test_one_port_is_not_given_twice(there):
    with kept_port() as port:
        table = f'recipe = "fake.toml"\nport = {port}'
        assert refused(there, table, table) == f"workers[1].port: {port} is already that of fake-0"


def test_too_few_gpus_where_there_are_none(there, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert refused(there, 'recipe = "big.toml"').endswith("need 2, and 0 are left of this machine's 0")


def test_a_missing_vllm_is_told(there, monkeypatch):
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    said = refused(there, 'recipe = "fake.toml"')
    assert "there is no command `vllm` on the path" in said


def test_a_missing_environment_is_told(there, monkeypatch):
    monkeypatch.setenv("DATAPIPE_VLLM_ENV", str(there))
    text = (there / "fake.toml").read_text().replace('"path"', '"locked"')
    (there / "fake.toml").write_text(text)
    assert "there is no finished vLLM environment in" in refused(there, 'recipe = "fake.toml"')


def test_a_bad_recipe_is_told_by_its_key(there):
    (there / "fake.toml").write_text(
        (there / "fake.toml").read_text().replace("max_tokens = 1", "max_tokens = 0")
    )
    assert "fake.toml: warmup.max_tokens: Input should be greater" in refused(there, 'recipe = "fake.toml"')
    (there / "fake.toml").write_text("model = [")
    assert refused(there, 'recipe = "fake.toml"').startswith(f"workers[0].recipe: {there}/fake.toml: ")


@pytest.mark.parametrize("path", sorted(RECIPES.glob("*.toml")), ids=lambda path: path.stem)
def test_the_recipes_that_come_along_can_be_planned(path, there, monkeypatch):
    monkeypatch.setattr("datapipe.serving.environment.is_ready", lambda folder: True)
    (worker,) = make_plan(path, there).workers
    assert len(worker.gpus) == {"minimax-m2-4gpu": 4, "tiny-m2": 0}.get(path.stem, 8)
    for flag in ("--tensor-parallel-size", "--data-parallel-size"):
        if flag in worker.command:
            assert len(worker.gpus) == int(worker.command[worker.command.index(flag) + 1])
