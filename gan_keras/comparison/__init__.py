"""Several models on equal terms: their plan, their time, their tables and pictures."""
