"""Where a worker process starts: nothing that it loads is garbage, so none is looked for meanwhile."""

import gc

gc.disable()

from datapipe.worker_child import serve  # noqa: E402  it is what there is to load

if __name__ == "__main__":
    serve()
