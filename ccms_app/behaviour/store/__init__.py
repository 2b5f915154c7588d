"""The site side of behaviour: facts out of the database, profiles, events."""
