"""The site side of scoring: runs, scores, publication."""
