"""What of a purchase is not told: goods whose item group has a privacy class, such as medicines."""

PRIVATE = "•••"
"""The item of such a line, which has no item group and no brand: that something was bought counts, what it was does not."""
