"""What several checks share: the thinking split, final answers, numbers, text folding, loops."""
