"""vLLM servers as processes of this machine: started from recipes, watched, restarted, ended."""
