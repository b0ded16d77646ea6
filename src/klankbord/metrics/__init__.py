"""Figures about customers: what they answer, whether they stay, what they are worth."""

from klankbord.metrics.main import LEAST_ANSWERS, main_metric

__all__ = ["LEAST_ANSWERS", "main_metric"]
