"""Answers of a person, learned on top of the criterion that the package brings.

Each merge of a split tree gets a few numbers more to be judged by: one for all, and some of its
terms, centred and scaled. Their weights are 0 before anything was taught. A merge that they speak
for is more likely one object, and its two parts are less likely objects by themselves. The weights
are those that are most probable after the answers, if before them each is normally distributed
about 0 (a logistic regression with a Gaussian prior, on top of what is known).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_ncut.splitting.criterion.hierarchy import probabilities
from napari_ncut.splitting.criterion.pairs import PAIR
from napari_ncut.splitting.loops import partition as loops

# What is taught about, and how each is centred and scaled: means and deviations over the merges of
# the scenes that the criterion was trained with.
TERMS = {
    "notches": (0.85, 0.3),
    "sizes": (0.35, 0.3),
    "both_ellipticity": (0.9, 0.08),
    "both_elongation": (1.5, 0.6),
    "widths": (0.65, 0.25),
    "contrast": (1.0, 1.0),
    "dip": (0.2, 0.4),
}
N_WEIGHTS = 1 + len(TERMS)
# Deviation of each weight before the answers, that of all merges alike first.
PRIOR = np.array([0.5] + [0.2] * len(TERMS))
# Log-odds that a penalty further from that of the threshold stands for. Near it there are more, far
# from it fewer; of 1 to 4 this taught best, on scenes of the kinds of the training.
STEEP = 2.0
STEPS, CLOSE = 50, 1e-6
# No weight is taken from a recipe that is further from 0 than this.
HEAVIEST = 1000.0


def critical_with(
    score: NDArray[np.float64],
    parts: NDArray[np.int32],
    numbers: NDArray[np.float64],
    weights: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the penalty from which on each merge of a tree holds, with weights, shape (m,).

    Parameters
    ----------
    score : ndarray of float64, shape (n + m,)
        Log-odds of each node to be one object.
    parts : ndarray of int32, shape (m, 2)
        Nodes that each merge unites; node n + i is what merge i makes.
    numbers : ndarray of float64, shape (m, N_WEIGHTS)
        Of each merge, see `numbers_of`.
    weights : ndarray of float64, shape (N_WEIGHTS,)
        What was learned.
    """
    changed, m = score.copy(), len(parts)
    change = numbers @ weights
    changed[len(score) - m :] += change
    np.subtract.at(changed, parts, change[:, np.newaxis])
    return np.asarray(loops.critical_penalties(probabilities(changed), parts))


def numbers_of(terms: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return what the weights are multiplied with, from the terms of pairs (m, len(PAIR))."""
    result = np.ones((len(terms), N_WEIGHTS))
    for column, (name, (mean, deviation)) in enumerate(TERMS.items(), start=1):
        value = (terms[:, PAIR.index(name)].astype(np.float64) - mean) / deviation
        result[:, column] = np.clip(np.nan_to_num(value), -3.0, 3.0)
    return result


def learned(
    numbers: NDArray[np.float64], known: NDArray[np.float64], joined: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return the most probable weights after some answers, shape (N_WEIGHTS,).

    Parameters
    ----------
    numbers : ndarray of float64, shape (n, N_WEIGHTS)
        Of the merges that were asked about.
    known : ndarray of float64, shape (n,)
        Log-odds that each holds, before.
    joined : ndarray of bool, shape (n,)
        The answers.
    """
    weights = np.zeros(N_WEIGHTS)
    precision = 1 / PRIOR**2

    def cost(tried: NDArray[np.float64]) -> float:
        loss = surprise(known + numbers @ tried, joined).sum()
        return float(loss + (precision * tried**2).sum() / 2)

    least = cost(weights)
    for _ in range(STEPS):
        chance = 1 / (1 + np.exp(-np.clip(known + numbers @ weights, -60, 60)))
        gradient = numbers.T @ (joined - chance) - precision * weights
        curvature = (numbers * (chance * (1 - chance))[:, np.newaxis]).T @ numbers
        step = np.linalg.solve(curvature + np.diag(precision), gradient)
        # Where nearly all is sure, Newton's step is far too long.
        while (lower := cost(weights + step)) > least and np.abs(step).max() > CLOSE:
            step /= 2
        if lower > least or np.abs(step).max() < CLOSE:
            break
        weights, least = weights + step, lower
    # Few digits: a recipe holds them, and they are the same on every machine.
    return np.round(weights, 3) + 0.0


def surprise(odds: NDArray[np.float64], joined: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return how much each answer surprises, by the log-odds that were expected: -log P."""
    return np.asarray(np.logaddexp(0, odds) - joined * odds)


def log_odds_of(critical: NDArray[np.float64], penalty: float) -> NDArray[np.float64]:
    """Return the log-odds that merges hold, from the penalties that they hold from."""
    return STEEP * (penalty - critical)
