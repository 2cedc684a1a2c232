"""The same questions through `datapipe run` and through the bare loop, each a process of its own."""

import json
import os
import re
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any

from benchmarks.gates import Measured
from benchmarks.questions import write_questions

from datapipe.asking import to_request
from datapipe.backends.wire import chat_body, json_body
from datapipe.config import RunConfig
from datapipe.owed import Due
from datapipe.policies import policy_of
from datapipe.questions import to_question
from datapipe.reading import read_raw
from datapipe.run import RunFolder
from datapipe.settings import parse_config
from schemas.rows import Answer

ROOT = Path(__file__).parents[2]
BARE = Path(__file__).with_name("bare.py")
GENERATING = Path(__file__).with_name("generating.py")
_RUN = """
import sys, time
started = time.perf_counter()
from datapipe.garbage import look_rarely
look_rarely()
from pathlib import Path
from datapipe.config import RunConfig
from datapipe.launch import launch
print("import_s", time.perf_counter() - started, file=sys.stderr)
launch(RunConfig.model_validate_json(Path(sys.argv[1]).read_bytes()))
"""


@dataclass(frozen=True)
class Took:
    """What one client needed for its answers."""

    answers: int
    seconds: float
    cpu_s: float
    """Of all its processes."""
    tokens: int = 0
    import_s: float = 0.0
    """Of the seconds, those before anything could be asked: imports."""
    whole_s: float = 0.0
    """Where `seconds` are those of a part: all of them."""

    @property
    def rate(self) -> float:
        """Answers per second."""
        return self.answers / self.seconds

    @property
    def cpu_ms(self) -> float:
        """CPU milliseconds per answer."""
        return 1e3 * self.cpu_s / self.answers


def configure(
    folder: Path, servers: Sequence[str], questions: int, draws: int, at_once: int = 256, **changes: Any
) -> RunConfig:
    """A run of the verifiable lane with everything on but rubrics, whose calls would be more answers."""
    folder.mkdir(parents=True, exist_ok=True)
    write_questions(folder / "questions.jsonl", questions)
    generate = {
        "servers": list(servers),
        "probe": False,  # the clients beside it ask for nothing but answers
        "model": "m",
        "n": draws,
        "max_tokens": 1024,
        "concurrency": at_once,
    }
    data: dict[str, Any] = {
        "name": "bench",
        "store": str(folder / "store"),
        "lanes": ["verifiable"],
        "input": {"questions": [str(folder / "questions.jsonl")]},
        "generate": generate | changes.pop("generate", {}),
        "screen": {"rubrics": []},
    }
    return parse_config(data | changes, "bench")


def run(config: RunConfig) -> Took:
    """From the start of the process to its end, beginning to published version."""
    shutil.rmtree(config.folder, ignore_errors=True)
    file = Path(config.store).parent / "config.json"
    file.write_text(config.model_dump_json())
    took = timed([sys.executable, "-c", _RUN, str(file)], cwd=ROOT)
    answers = RunFolder(config.folder).read("answers", Answer, "verifiable")
    tokens = [made.completion_tokens or 0 for made in answers]
    return replace(took, answers=len(tokens), tokens=sum(tokens))


def generate(config: RunConfig) -> Took:
    """The generation of a run by itself; `whole_s`: with what comes before its first request."""
    shutil.rmtree(config.folder, ignore_errors=True)
    file = Path(config.store).parent / "config.json"
    file.write_text(config.model_dump_json())
    found = _said([str(GENERATING), str(file)])
    seconds, cpu_s, tokens = found["seconds"], found["cpu_s"], found["tokens"]
    return Took(found["answers"], seconds, cpu_s, tokens, found["import_s"], found["whole_s"])


def prompts_of(config: RunConfig) -> Path:
    """A file of the prompts of every request, as a list."""
    file = Path(config.store).parent / "prompts.json"
    said = [json.loads(line) for line in bodies(config).read_bytes().splitlines()]
    file.write_text(json.dumps([body["messages"][-1]["content"] for body in said]))
    return file


def bare(config: RunConfig, at_once: int | None = None) -> Took:
    """The requests of a run, as it would send them."""
    file = bodies(config)
    words = [",".join(config.generate.servers), str(file), str(at_once or config.generate.concurrency)]
    found = _said([str(BARE), *words])
    return Took(found["requests"], found["seconds"], found["cpu_s"], found["tokens"])


def _said(words: Sequence[str]) -> dict[str, Any]:
    """The line of JSON that a script prints. Raises RuntimeError with the end of what else it said."""
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False, cwd=ROOT)
    if done.returncode:
        raise RuntimeError(f"{words[0]} ended with {done.returncode}: {done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def bodies(config: RunConfig) -> Path:
    """A file of the bodies of every request, made once."""
    file = Path(config.store).parent / "bodies.jsonl"
    if not file.exists():
        rows = read_raw(Path(config.input.questions[0]), 2**26)
        policy = policy_of("verifiable", config.generate).policy_id
        owed = Due(config, policy).all(to_question(row, config) for row in rows)
        lines = (json_body(chat_body(to_request(config, key, *asked))) for key, asked in owed.items())
        file.write_bytes(b"\n".join(lines))
    return file


def timed(command: Sequence[str], **more: Any) -> Took:
    """Seconds and CPU seconds of a command and its children; raises with the end of what it said."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False, **more)
    seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise RuntimeError(f"{command[0]} ended with {done.returncode}: {done.stderr[-2000:]}")
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    imports = re.search(r"^import_s (\S+)$", done.stderr, re.MULTILINE)
    return Took(1, seconds, spent, import_s=float(imports[1]) if imports else 0.0)


def told(name: str, each: list[Took]) -> Measured:
    """Rate and CPU of one client, with what else the machine does."""
    rate, cpu = fmean(took.rate for took in each), fmean(took.cpu_ms for took in each)
    value = f"{rate:,.0f} answers/s, {cpu:.2f} ms CPU each (n={len(each)})"
    return Measured(name, value, f"none; load {os.getloadavg()[0]:.1f}", True)
