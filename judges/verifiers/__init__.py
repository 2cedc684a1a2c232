"""Is it right? One answer type a file."""
