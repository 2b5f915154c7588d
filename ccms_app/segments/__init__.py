"""Groups of customers: rules that people can read, members that refresh themselves, clusters."""
