"""Make a version: samples in shards by lane and domain, a data card, and last the manifest."""

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from datapipe.accounting import as_told, balanced
from datapipe.admission import server_rows
from datapipe.bins import Bins
from datapipe.card import data_card
from datapipe.context import Context, Shard
from datapipe.diversify import accepted
from datapipe.doubts import false_passes
from datapipe.errors import ConfigError
from datapipe.format import as_sent
from datapipe.keep import steering_policy
from datapipe.pausing import insist
from datapipe.plan import told_bill
from datapipe.policies import models_by_policy
from datapipe.selftest_rates import selftest_rows
from datapipe.shards import Entry, sync_folder, write_text
from datapipe.sources import Source, load_sources, unregistered
from datapipe.upload import upload
from datapipe.versions import add_empty_part, latest_version, next_number, parts_of, read_manifest
from schemas.ids import content_id
from schemas.rows import LANES, SCHEMA_VERSION, Answer, Question, Rating, Sample, Turn


def publish(ctx: Context) -> Path:
    """The folder of the version that holds what is kept now: the last one where nothing changed.

    Raises ConfigError where a source is not registered and the configuration insists.
    """
    inputs = _inputs(ctx)
    last = latest_version(ctx.run.path)
    if last is not None and read_manifest(last)["inputs"] == inputs:
        return _announced(ctx, last)
    number = next_number(ctx.run.path)
    target = ctx.run.path / "versions" / f"v{number:04d}"
    insist(target, lambda: _make(ctx, target, inputs, last))
    return _announced(ctx, target)


def _make(ctx: Context, target: Path, inputs: str, last: Path | None) -> None:
    """Begins anew each time, so that it may be done again after any failure."""
    if target.exists():
        sync_folder(target.parent)
        return
    draft = ctx.run.tmp / target.name
    shutil.rmtree(draft, ignore_errors=True)
    bins = Bins(draft, ctx.settings.publish.rows_per_file)
    held_back = _Held(ctx)
    for lane in LANES:
        shards, models = ctx.shards(lane), models_by_policy(ctx.run, lane)
        steer = steering_policy(ctx, lane) if shards else None
        for shard in shards:
            for sample in _samples(ctx, shard, steer, models, held_back):
                bins.add(sample)
    held_back.stop_if_asked()
    entries = bins.finish(parts_of(last)) or add_empty_part(draft, ctx.lanes[0], ctx.run.tmp)
    _describe(ctx, draft, entries, inputs, held_back)
    target.parent.mkdir(exist_ok=True)
    draft.rename(target)
    sync_folder(target.parent)


def _announced(ctx: Context, version: Path) -> Path:
    """Point at the version, also where a kill came between its rename and this, and copy it."""
    pointer, text = version.parent / "latest.json", json.dumps({"version": version.name}) + "\n"
    if not pointer.exists() or pointer.read_text(encoding="utf-8") != text:
        write_text(pointer, text)
    said = read_manifest(version)
    if not said["rows"]:
        held = f"{said['held_back']} rows are held back because of their source, and no other is kept"
        why = held if said["held_back"] else "no answer is kept, and `dropped` and `pending` say why"
        ctx.progress.note(f"version {version.name} is empty: {why}; earlier versions are untouched")
    if ctx.settings.publish.to is not None:
        upload(version, ctx.settings.publish.to)
    return version


def _inputs(ctx: Context) -> str:
    tables = ("questions", "kept", "rewrites", "rewrite_verdicts", "ratings")
    prints = [ctx.run.fingerprint(table, lane) for table in tables for lane in LANES]
    sources = ctx.settings.input.sources
    registered = Path(sources).read_text(encoding="utf-8") if sources and Path(sources).exists() else ""
    # Where a version is copied to changes nothing in it; who steers and what decides may change every row.
    config = ctx.settings.model_dump(mode="json", include={"publish", "rate", "screen"})
    del config["publish"]["to"]
    return content_id("publish", prints, config, ctx.lanes, ctx.settings.generate.model, registered)


class _Held:
    """Rows held back because of their source, and rewrites that a check refused."""

    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx
        self.refused = 0
        self.sources: dict[str, Source] = load_sources(ctx.settings.input.sources)
        self.unknown: dict[str, int] = {}
        self.met: dict[str, Source] = {}
        self.rows = 0

    def back(self, name: str) -> bool:
        source = self.sources.get(name)
        if source is None:
            self.unknown[name] = self.unknown.get(name, 0) + 1
        else:
            self.met[name] = source
        closed = source is None or not source.redistribution
        held = self.ctx.settings.publish.require_redistribution and closed
        self.rows += held
        return held

    def stop_if_asked(self) -> None:
        for name, rows in sorted(self.unknown.items()):
            text = f"{unregistered(name, self.sources)} ({rows} rows)"
            if self.ctx.settings.publish.require_registered:
                raise ConfigError(f"{text}: register it and run again; everything made so far is kept")
            self.ctx.progress.note(text)


def _samples(
    ctx: Context, shard: Shard, steer: str | None, models: dict[str, str], held: _Held
) -> Iterator[Sample]:
    run, lane, number = ctx.run, shard.lane, shard.number
    questions = {q.question_id: q for q in run.read("questions", Question, lane, number)}
    ratings = {r.question_id: r for r in run.read("ratings", Rating, lane, number) if r.policy_id == steer}
    kept = pa.array([each for (each,) in run.columns("kept", lane, number, "answer_id")], pa.string())
    chosen = run.read("answers", Answer, lane, number, pc.field("answer_id").isin(kept))
    rewrites = list(accepted(ctx, shard, questions))
    held.refused += run.rows("rewrites", lane, number) - len(rewrites)
    sent: dict[tuple[str, str], list[Turn]] = {}
    for answers in (chosen, rewrites):
        for answer in answers:
            question, key = questions[answer.question_id], (answer.question_id, answer.format)
            if not held.back(question.source):
                if key not in sent:
                    sent[key] = [Turn(**{**m.__dict__, "train": False}) for m in as_sent(question, key[1])]
                model = models[answer.policy_id]
                yield _sample(question, sent[key], answer, ratings[answer.question_id], model)


def _sample(question: Question, asked: list[Turn], answer: Answer, rating: Rating, model: str) -> Sample:
    system = question.system
    return Sample(
        sample_id=answer.answer_id,
        question_id=question.question_id,
        lane=question.lane,
        domain=question.domain,
        language=question.language,
        skills=question.skills,
        system=system,
        tools=question.tools,
        messages=[*(asked[1:] if system else asked), *answer.turns],
        format=answer.format,
        reference=question.reference,
        reference_id=question.reference_id,
        parent=answer.parent,
        policy_id=answer.policy_id,
        model=model,
        tier=rating.tier,
        rate=rating.rate,
        rate_n=rating.passes + rating.fails,
        rate_low=rating.interval_low,
        rate_high=rating.interval_high,
        tokens=answer.completion_tokens,
        source=question.source,
        source_id=question.source_id,
        license=question.license,
    )


def _describe(ctx: Context, folder: Path, entries: dict[str, Entry], inputs: str, held: _Held) -> None:
    """The data card, then the manifest, which says that the version is whole."""
    parts = {name: entry.model_dump(exclude_defaults=True) for name, entry in sorted(entries.items())}
    verdicts = [e for lane in LANES for e in ctx.run.manifest("verdicts", lane).entries().values()]
    covers = sorted({check for entry in verdicts for check in entry.covers if "@" in check})
    manifest = {
        "schema_version": SCHEMA_VERSION,
        "run": ctx.settings.name,
        "version": folder.name,
        "made": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "lanes": ctx.lanes,
        "rows": sum(entry.rows for entry in entries.values()),
        "held_back": held.rows,
        "rewrites_refused": held.refused,
        "servers": server_rows(ctx.run.path),
        "checks": covers,
        "selftest": selftest_rows(ctx.run),
        "false_passes": false_passes(ctx.run, ctx.settings.rate),
        "spending": as_told(balanced(ctx.run, ctx.settings.spend), ctx.settings.spend, named=False),
        "forecast": told_bill(ctx.settings),
        "sources": {name: held.met[name].model_dump(exclude_none=True) for name in sorted(held.met)},
        "inputs": inputs,
        "parts": parts,
    }
    write_text(folder / "README.md", data_card(ctx.run, folder, manifest))
    write_text(folder / "manifest.json", json.dumps(manifest, indent=1) + "\n")
