"""Lets the CPU build of vLLM start and route MiniMax-M2."""
