"""The yardstick: an aiohttp loop that sends prepared bodies and only reads what comes.

    python infra/benchmarks/bare.py URL BODIES.jsonl CONCURRENCY

Prints one line of JSON: seconds, CPU seconds of the process while it asked, requests, bytes, output tokens.
"""

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import aiohttp

HEADERS = {"Content-Type": "application/json"}


async def _ask(urls: list[str], bodies: list[bytes], at_once: int) -> list[bytes]:
    """Every body once, over the servers in turn; replies are kept unread, as bytes."""
    left, said = iter(enumerate(bodies)), list[bytes]()
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, headers=HEADERS) as session:

        async def worker(work: Iterator[tuple[int, bytes]]) -> None:
            for number, body in work:
                url = f"{urls[number % len(urls)]}/chat/completions"
                async with session.post(url, data=body) as response:
                    response.raise_for_status()
                    said.append(await response.read())

        await asyncio.gather(*(worker(left) for _ in range(at_once)))
    return said


def main(urls: str, file: str, at_once: str) -> None:
    """Tokens are counted when the clock has stopped."""
    bodies = Path(file).read_bytes().splitlines()
    start, cpu = time.perf_counter(), time.process_time()
    said = asyncio.run(_ask(urls.split(","), bodies, int(at_once)))
    seconds, spent = time.perf_counter() - start, time.process_time() - cpu
    tokens = sum(json.loads(each)["usage"]["completion_tokens"] for each in said)
    size = sum(map(len, said))
    found = {"seconds": seconds, "cpu_s": spent, "requests": len(said), "bytes": size, "tokens": tokens}
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
