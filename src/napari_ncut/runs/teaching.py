"""What the answers of a review teach: for this result and all that are like it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_ncut.core.monitor import Monitor
from napari_ncut.objects.review import Decisions, NeckId, decided_rows, necks
from napari_ncut.splitting.criterion.hierarchy import NECK
from napari_ncut.splitting.criterion.model import model, penalty_at
from napari_ncut.splitting.criterion.teach import N_WEIGHTS, learned, log_odds_of, surprise

if TYPE_CHECKING:
    from napari_ncut.runs.stacks import Frame
    from napari_ncut.splitting.tree import SplitTree

# Fewer answers than this teach nothing.
FEWEST = 4
# Answers teach only what makes them likelier by so much together, each told by the others: in
# log-odds. Chosen as the steepness in `criterion.teach`.
EVIDENCE = 0.5


@dataclass(frozen=True)
class Change:
    """A neck that is decided otherwise after a lesson, and whether it is cut then."""

    frame: Frame
    row: int
    sides: NeckId
    is_cut: bool


@dataclass(frozen=True)
class Lesson:
    """What some answers teach.

    Parameters
    ----------
    weights : tuple of float
        For `SplitSettings.taught`; 0 where the answers do not tell enough.
    n_answers : int
        How many answers there were.
    right_before, right_after : int
        How many of them the criterion gives by itself, and how many when it has been taught by
        all the other answers.
    is_clear : bool
        Whether the answers tell enough: where each is left out, the others make it likelier.
    n_necks : int
        Number of all necks.
    changes : list of Change
        Those without an answer that are decided otherwise than by the weights of now.
    """

    weights: tuple[float, ...]
    n_answers: int
    right_before: int
    right_after: int
    is_clear: bool
    n_necks: int
    changes: list[Change]

    @property
    def text(self) -> str:
        """The lesson in a sentence."""
        more = " There is nothing to learn from them together yet." if not self.is_clear else ""
        return (
            f"{self.n_answers} answers: {self.right_before} \N{RIGHTWARDS ARROW} "
            f"{self.right_after} right (each left out in turn); would change "
            f"{len(self.changes)} of {self.n_necks:,} necks.{more}"
        )


def lesson(
    trees: Mapping[Frame, SplitTree],
    decisions: Mapping[Frame, Decisions],
    neck: float,
    taught: Sequence[float] = (),
    monitor: Monitor | None = None,
) -> Lesson | None:
    """Return what the answers of a review teach; None if they are too few.

    Parameters
    ----------
    trees : dict of SplitTree
        Split tree of each frame.
    decisions : dict
        The answers, for each frame.
    neck : float
        The threshold.
    taught : sequence of float
        What was taught before: against it the changes are counted. All answers are learned anew.
    monitor : Monitor, optional
        Checks for cancellation.
    """
    monitor = monitor or Monitor()
    asked = [
        (frame, row, cut)
        for frame, tree in trees.items()
        for row, cut in decided_rows(tree, decisions.get(frame, {})).items()
    ]
    if len(asked) < FEWEST:
        return None
    penalty = penalty_at(neck, model().penalty, NECK)
    plain = {frame: tree.critical() for frame, tree in trees.items()}
    numbers = {frame: trees[frame].numbers for frame in {frame for frame, _, _ in asked}}
    rows = np.array([numbers[frame][row] for frame, row, _ in asked])
    critical = np.array([plain[frame][row] for frame, row, _ in asked])
    known = log_odds_of(critical, penalty)
    joined = np.array([not cut for _, _, cut in asked])
    right_before = int(np.count_nonzero((critical <= penalty) == joined))
    right_after, evidence = 0, 0.0
    for k, (frame, row, _) in enumerate(asked):
        monitor.check()
        rest = np.arange(len(asked)) != k
        without = learned(rows[rest], known[rest], joined[rest])
        right_after += bool((trees[frame].critical(without)[row] <= penalty) == joined[k])
        odds = known[k] + np.array([0.0, rows[k] @ without])
        untaught, taught_by_others = surprise(odds, joined[k : k + 1])
        evidence += float(untaught - taught_by_others)
    is_clear = bool(right_after >= right_before and evidence > EVIDENCE)
    weights = learned(rows, known, joined) if is_clear else np.zeros(N_WEIGHTS)
    changes = []
    for frame, tree in trees.items():
        monitor.check()
        before = tree.critical(taught) <= penalty
        after = tree.critical(weights) <= penalty
        sides = necks(tree)
        # What was answered is as the answer says, whatever is learned.
        others = before != after
        others[list(decided_rows(tree, decisions.get(frame, {})))] = False
        changes += [
            Change(frame, int(row), tuple(sides[row].tolist()), not after[row])
            for row in np.flatnonzero(others)
        ]
    total = sum(len(tree.ratio) for tree in trees.values())
    told = tuple(weights.tolist())
    return Lesson(told, len(asked), right_before, right_after, is_clear, total, changes)


def error_rate(n_wrong: int, n: int) -> tuple[float, float, float]:
    """Return the share of errors among n random questions, and its interval of 95 %.

    References
    ----------
    Wilson (1927), Probable inference, the law of succession, and statistical inference, Journal of
    the American Statistical Association 22, 209-212.
    """
    if n == 0:
        return math.nan, 0.0, 1.0
    z, share = 1.959964, n_wrong / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return share, max(middle - half, 0.0), min(middle + half, 1.0)


def rate_in_words(
    asked: Mapping[tuple[Frame, NeckId], bool], decisions: Mapping[Frame, Decisions]
) -> str:
    """Return how many of the necks that were asked about at random were wrong, as a sentence.

    Parameters
    ----------
    asked : dict
        Whether the result was cut at each of them.
    decisions : dict
        The answers, for each frame.
    """
    answers = [
        (before, decisions[frame][sides])
        for (frame, sides), before in asked.items()
        if sides in decisions.get(frame, {})
    ]
    if not answers:
        return ""
    wrong = sum(before != after for before, after in answers)
    share, low, high = error_rate(wrong, len(answers))
    return (
        f" At random {len(answers)} were asked: {share:.0%} wrong "
        f"({low:.0%} to {high:.0%} of all, with 95 % confidence)."
    )


def random_neck(seed: int, waiting: NDArray[np.bool_]) -> int:
    """Return one of the necks that wait, at random, but the same for the same seed."""
    return int(np.random.default_rng(seed).choice(np.flatnonzero(waiting)))
