"""Which customers are probably one person: candidates by shared keys, compared field by field, weighed by likelihood.

Pure: data frames in, scored pairs out. `engine.match` compares everybody, `engine.match_new` a few with everybody.
"""
