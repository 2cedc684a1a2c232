"""Why would it be dropped? One fault a file."""
