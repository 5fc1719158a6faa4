"""Speed against what a user would run instead; the results stand in RESULTS.md."""
