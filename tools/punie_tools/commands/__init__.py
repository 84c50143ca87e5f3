"""Shell commands, confined where the system can: what is free to run, the sandbox, and the run itself."""
