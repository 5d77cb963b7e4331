"""Use cases of themes: group what is new, obey people's edits, settle doubts, name, consolidate, show."""
