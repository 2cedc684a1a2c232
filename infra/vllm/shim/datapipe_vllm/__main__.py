"""`python -m datapipe_vllm serve MODEL …` is `vllm serve MODEL …`."""

from datapipe_vllm.command import main

if __name__ == "__main__":
    main()
