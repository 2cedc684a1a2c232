"""The questions through distilabel, in its own environment.

    ask_distilabel.py URL MODEL PROMPTS.json FOLDER CONCURRENCY

PROMPTS.json is a list of prompts, each asked once. Prints one line of JSON.
"""

import json
import os
import sys
import time
from pathlib import Path


def main(url: str, model: str, file: str, folder: str, at_once: str) -> None:
    """One step of one pipeline, batches as large as what is in flight; its cache is a fresh folder."""
    os.environ |= {"HF_HOME": folder, "HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
    started = time.perf_counter()
    from distilabel.models import OpenAILLM
    from distilabel.pipeline import Pipeline
    from distilabel.steps import LoadDataFromDicts
    from distilabel.steps.tasks import TextGeneration

    size = int(at_once)
    rows = [{"instruction": prompt} for prompt in json.loads(Path(file).read_text())]
    with Pipeline(name="bench", cache_dir=Path(folder) / "pipelines") as pipeline:
        loaded = LoadDataFromDicts(data=rows, batch_size=size)
        sampling = {"temperature": 1.0, "top_p": 0.95, "max_new_tokens": 1024}
        llm = OpenAILLM(model=model, base_url=url, api_key="none", generation_kwargs=sampling)
        loaded >> TextGeneration(llm=llm, input_batch_size=size)
    imported = time.perf_counter()
    said = pipeline.run()
    seconds = time.perf_counter() - imported
    answers = [row for row in said["default"]["train"]["generation"] if row is not None]
    found = {"answers": len(answers), "seconds": seconds, "import_s": imported - started}
    sys.stdout.write(f"\n{json.dumps(found)}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
