"""Question checks: why would we not ask it? One fault a file, before a token is spent."""
