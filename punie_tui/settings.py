"""Settings, and where punie keeps its own files."""
