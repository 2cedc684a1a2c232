"""Two flows at once in one process, then a third over both lanes of the first's run: A.toml B.toml."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from datapipe.settings import load_config
from flows.non_verifiable import non_verifiable
from flows.synthesize import synthesize
from flows.verifiable import verifiable

first, second = (load_config(Path(word), fake=True) for word in sys.argv[1:])
with ThreadPoolExecutor() as pool:
    runs = [pool.submit(verifiable, first), pool.submit(non_verifiable, second)]
    folders = [run.result() for run in runs]
sys.stdout.write("\n".join([*folders, synthesize(first)]))
