"""Scores by gender, speaker, duration, transcript source and agreement of the raters."""

from .grouping import Grouping, group_by
from .scores import GroupScore, score_groups
from .table import groups_sheet

__all__ = ["GroupScore", "Grouping", "group_by", "groups_sheet", "score_groups"]
