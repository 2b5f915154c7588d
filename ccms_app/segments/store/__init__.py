"""The domain's door to the site."""
