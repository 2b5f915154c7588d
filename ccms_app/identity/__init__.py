"""Who is who: identifiers made comparable, the map from identifiers to customers, matching and merging."""
