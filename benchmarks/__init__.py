"""Speed against what a user would run instead; the results are in RESULTS.md."""
