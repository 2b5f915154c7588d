"""What customers and visitors do: events from every channel, written once and never changed."""
