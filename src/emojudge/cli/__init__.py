"""The ``emojudge`` command; each command is one file, imported when it is called."""
