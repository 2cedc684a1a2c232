"""The questions through bespokelabs-curator, in its own environment.

    ask_curator.py URL MODEL PROMPTS.json FOLDER CONCURRENCY BACKEND

PROMPTS.json is a list of prompts, each asked once; BACKEND is openai or litellm. Prints one line of JSON.
"""

import importlib.util
import json
import os
import sys
import time
from pathlib import Path

ASKED_AS = {"openai": "{}", "litellm": "hosted_vllm/{}"}


def main(url: str, model: str, file: str, folder: str, at_once: str, backend: str) -> None:
    """Its cache is on, as by default, in a fresh folder; its limits are above what can be reached."""
    os.environ |= {
        "TELEMETRY_ENABLED": "false",
        "CURATOR_CACHE_DIR": folder,
        "HF_HOME": folder,
        "HF_HUB_OFFLINE": "1",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "OPENAI_API_KEY": "none",
        "HOSTED_VLLM_API_KEY": "none",
    }
    started = time.perf_counter()
    # litellm brings the tables along that tiktoken would fetch.
    found = importlib.util.find_spec("litellm")
    tables = Path(str(found and found.origin)).parent / "litellm_core_utils" / "tokenizers"
    os.environ["TIKTOKEN_CACHE_DIR"] = str(tables)
    from bespokelabs import curator  # its settings are read when it is imported

    prompts = json.loads(Path(file).read_text())
    asking = curator.LLM(
        model_name=ASKED_AS[backend].format(model),
        backend=backend,
        generation_params={"temperature": 1.0, "top_p": 0.95, "max_tokens": 1024},
        backend_params={
            "base_url": url,
            "max_concurrent_requests": int(at_once),
            "max_requests_per_minute": 10_000_000,
            "max_tokens_per_minute": 1_000_000_000,
            "request_timeout": 120,
        },
    )
    imported = time.perf_counter()
    said = asking(prompts)
    rows = said.dataset if hasattr(said, "dataset") else said
    seconds = time.perf_counter() - imported
    found_out = {"answers": len(rows), "seconds": seconds, "import_s": imported - started}
    sys.stdout.write(f"\n{json.dumps(found_out)}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
