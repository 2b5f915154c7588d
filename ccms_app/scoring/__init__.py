"""What each customer is worth and will probably do next, and how sure that is (docs/scores.md)."""
