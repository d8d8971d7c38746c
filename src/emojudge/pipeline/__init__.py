"""The stages of an experiment in order, each skipped when its inputs have not changed."""
