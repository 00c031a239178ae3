"""The summary as a picture: where the case stands between the two needs, and how each answer pulls.

A card with a background of its own, so that it reads the same in a light and in a dark window; the colours are Okabe
and Ito's, which colour-blind people can tell apart, and each is doubled by a word or a place.
"""

import io
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from bot.deciding.framework import Approach, Framework, Side, TrainingData
from bot.deciding.outlook import Answers
from bot.deciding.recommendation import Recommendation
from bot.messages.formatting import shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

WIDTH, HEIGHT, DPI = 9.2, 5.0, 180  # inches, inches, dots an inch
LONGEST_LABEL = 32  # characters
MAX_UNMET = 0.66  # of the threshold: the highest place of a need that is not met, however many its small reasons
THRESHOLD = 0.5  # the place on an axis from which a need is met
CLEARANCE = 0.85  # keeps a need that is just met clear of the threshold
MARGIN = 0.06  # of the plane around 0, so that nothing stands on its frame
PULL_HEIGHT = 0.6


@dataclass(frozen=True)
class Theme:
    """The colours of a card."""

    ground: str
    ink: str
    faint: str
    rag: str
    fine_tuning: str
    neither: str
    region: str


LIGHT = Theme("#FBFAF7", "#1F2430", "#5E6470", "#0072B2", "#BF4E00", "#8A8F99", "#ECEAE4")
DARK = Theme("#1B1E26", "#F2F1ED", "#B4B8C2", "#56B4E9", "#F0A04B", "#8A8F99", "#272B36")

NAMES = {
    Approach.RAG: "RAG",
    Approach.FINE_TUNING: "Fine-tuning",
    Approach.HYBRID: "Both together",
    Approach.NEED_MORE_INFO: "Need to know more",
}
OUTSIDE = "Outside of the guidance"
NOT_PLACED = "Not placed here:\nneither approach is meant for this case"


@dataclass(frozen=True)
class AnswerWeight:
    """The weight that one answer adds to a side."""

    label: str
    answer: str
    side: Side
    weight: int


def weigh_answers(framework: Framework, recommendation: Recommendation) -> list[AnswerWeight]:
    """Return a weight for each answered question, in the order of the questions."""
    return [
        AnswerWeight(
            framework.questions[name].label, reasons[0].because, reasons[0].toward, sum(r.weight for r in reasons)
        )
        for name, group in groupby(recommendation.reasons, key=lambda reason: reason.question)
        if (reasons := list(group))
    ]


def describe_chart(framework: Framework, recommendation: Recommendation) -> str:
    """Describe the chart in words, for its alternative text."""
    weights = weigh_answers(framework, recommendation)
    toward = {
        side: "; ".join(f"{p.label}: {p.answer} ({p.weight})" for p in weights if p.side is side) or "nothing"
        for side in Side
    }
    place = (
        " Neither approach is meant for this case, so it has no place between the two needs."
        if recommendation.outside
        else ""
    )
    support = recommendation.support
    return (
        f"Chart: {_heading(recommendation)}.{place} Weight of the reasons for RAG {support.rag}, for fine-tuning "
        f"{support.fine_tuning}. Pulling toward RAG: {toward[Side.RAG]}. Pulling toward fine-tuning: "
        f"{toward[Side.FINE_TUNING]}. Not counted: {toward[Side.NEITHER]}."
    )


def draw_chart(framework: Framework, recommendation: Recommendation, answers: Answers, *, dark: bool = False) -> bytes:
    """Draw a PNG of 1656 by 900 pixels. Takes a second the first time: call it from a thread."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    theme = DARK if dark else LIGHT
    figure = Figure(figsize=(WIDTH, HEIGHT), dpi=DPI, facecolor=theme.ground)
    FigureCanvasAgg(figure)
    drawing = _Drawing(figure, framework, recommendation, answers, theme)
    drawing.plane(figure.add_axes((0.055, 0.12, 0.395, 0.68)))
    drawing.bars(figure.add_axes((0.71, 0.12, 0.265, 0.68)))
    drawing.title()
    png = io.BytesIO()
    figure.savefig(png, format="png", metadata={"Software": None})
    return png.getvalue()


class _Drawing:
    def __init__(
        self, figure: "Figure", framework: Framework, recommendation: Recommendation, answers: Answers, theme: Theme
    ) -> None:
        self.figure, self.framework, self.recommendation, self.theme = figure, framework, recommendation, theme
        gates = {framework.option(q, o).examples for q, o in answers.items() if o is not None}
        self.has_examples = TrainingData.ENOUGH in gates and TrainingData.TOO_FEW not in gates
        self.is_known = bool(gates - {None})

    def title(self) -> None:
        theme = self.theme
        self.figure.text(
            0.055, 0.915, _heading(self.recommendation), color=theme.ink, fontsize=21, weight="bold", va="center"
        )
        support = self.recommendation.support
        text = f"Reasons weigh {support.rag} toward RAG, {support.fine_tuning} toward fine-tuning"
        self.figure.text(0.055, 0.853, text, color=theme.faint, fontsize=10.5, va="center")
        self.figure.text(0.71, 0.853, "How each answer pulls", color=theme.faint, fontsize=10.5, va="center")

    def plane(self, axes: "Axes") -> None:
        """Draw the two needs, the regions, and where the case stands, unless neither approach is meant for it."""
        theme = self.theme
        place = None if self.recommendation.outside else self._position()
        for (right, top), name in self._regions().items():
            is_here = place is not None and (right, top) == (place[0] >= THRESHOLD, place[1] >= THRESHOLD)
            left, bottom = (THRESHOLD if right else -MARGIN), (THRESHOLD if top else -MARGIN)
            axes.add_patch(_square(left, bottom, theme.region if is_here else theme.ground))
            axes.text(
                left + THRESHOLD / 2, bottom + THRESHOLD * 0.86, name, ha="center", va="center", fontsize=9.8,
                color=theme.ink if is_here else theme.faint, weight="bold" if is_here else "normal",
            )  # fmt: skip
        axes.axvline(THRESHOLD, color=theme.neither, linewidth=1, linestyle=(0, (4, 3)))
        axes.axhline(THRESHOLD, color=theme.neither, linewidth=1, linestyle=(0, (4, 3)))
        if place:
            self._point(axes, *place)
        else:
            around = {"boxstyle": "round,pad=0.6", "facecolor": theme.ground, "edgecolor": theme.neither}
            x, y = (1 - MARGIN) / 2, THRESHOLD * 0.4  # below the names of the regions
            axes.text(x, y, NOT_PLACED, color=theme.ink, fontsize=10.5, ha="center", va="center", bbox=around)
        axes.set(xlim=(-MARGIN, 1), ylim=(-MARGIN, 1), xticks=[], yticks=[])
        axes.set_xlabel("Need for knowledge that is looked up  →", color=theme.rag, fontsize=10.5, labelpad=7)
        axes.set_ylabel("Need for behaviour that is learned  →", color=theme.fine_tuning, fontsize=10.5, labelpad=7)
        self._frame(axes)

    def _point(self, axes: "Axes", x: float, y: float) -> None:
        theme = self.theme
        axes.plot([0, x], [0, 0], color=theme.rag, linewidth=3.5, solid_capstyle="round")
        axes.plot([x, x], [0, y], color=theme.fine_tuning, linewidth=3.5, solid_capstyle="round")
        axes.plot([x], [y], "o", markersize=15, color=theme.ink, markeredgecolor=theme.ground, markeredgewidth=2.5)

    def bars(self, axes: "Axes") -> None:
        """Draw the weight of each answer: fine-tuning to the left, RAG to the right."""
        theme, weights = self.theme, weigh_answers(self.framework, self.recommendation)
        most = max([float(self.framework.decisive), *(float(pull.weight) for pull in weights)])
        colours = {Side.RAG: theme.rag, Side.FINE_TUNING: theme.fine_tuning, Side.NEITHER: theme.neither}
        for row, pull in enumerate(weights):
            width = pull.weight if pull.side is Side.RAG else -pull.weight
            if pull.weight:
                axes.barh(row, width, PULL_HEIGHT, color=colours[pull.side])
                axes.text(
                    width + (0.12 if width > 0 else -0.12), row, str(pull.weight), color=theme.ink, fontsize=9,
                    va="center", ha="left" if width > 0 else "right",
                )  # fmt: skip
            else:
                axes.plot([0], [row], "o", markersize=6, color=theme.neither)
        axes.axvline(0, color=theme.faint, linewidth=1)
        rows = max(len(weights), 1)
        axes.set(xlim=(-most - 0.8, most + 0.8), ylim=(max(rows, 5) - 0.4, -0.6), xticks=[])
        axes.set_yticks(range(len(weights)))
        axes.set_yticklabels([_label(pull) for pull in weights], color=theme.ink, fontsize=9, parse_math=False)
        if not weights:
            axes.text(0, 2, "No answer yet", color=theme.faint, ha="center", va="center", fontsize=11)
        axes.tick_params(length=0)
        foot = -0.045
        for x, side, align in ((0.0, "◀  fine-tuning", "left"), (1.0, "RAG  ▶", "right")):
            colour = theme.rag if x else theme.fine_tuning
            axes.text(x, foot, side, transform=axes.transAxes, color=colour, fontsize=10.5, ha=align, va="top")
        self._frame(axes, is_visible=False)

    def _position(self) -> tuple[float, float]:
        """Return the point; needs that are not met stay below the threshold, however many small reasons there are."""
        support, line = self.recommendation.support, self.framework.decisive
        knowledge = self._met(Side.RAG) if self.has_examples else support.rag >= line
        return _place(support.rag, line, met=knowledge), _place(
            support.fine_tuning, line, met=self._met(Side.FINE_TUNING)
        )

    def _met(self, side: Side) -> bool:
        weights = weigh_answers(self.framework, self.recommendation)
        return any(pull.side is side and pull.weight >= self.framework.decisive for pull in weights)

    def _regions(self) -> dict[tuple[bool, bool], str]:
        """Return the meaning of each quarter of the plane, given whether there are examples to train on."""
        if self.has_examples:
            top_left, top_right = "Fine-tuning", "Both together"
        elif self.is_known:
            top_left, top_right = "Need to know more\n(too few examples)", "RAG first\n(too few examples)"
        else:
            top_left, top_right = "Need to know more\n(are there examples?)", "RAG first\n(are there examples?)"
        return {
            (False, False): "Need to know more",
            (True, False): "RAG",
            (False, True): top_left,
            (True, True): top_right,
        }

    def _frame(self, axes: "Axes", *, is_visible: bool = True) -> None:
        axes.set_facecolor("none")
        for spine in axes.spines.values():
            spine.set_visible(is_visible)
            spine.set_color(self.theme.neither)


def _heading(recommendation: Recommendation) -> str:
    return OUTSIDE if recommendation.outside else NAMES[recommendation.approach]


def _place(weight: int, decisive: int, *, met: bool) -> float:
    """Return a weight's place on an axis: just above the threshold at the decisive weight, below 1 for any."""
    place = weight / (weight + CLEARANCE * decisive)
    return place if met else min(place, THRESHOLD * MAX_UNMET)


def _square(left: float, bottom: float, colour: str) -> "Rectangle":
    from matplotlib.patches import Rectangle

    return Rectangle(
        (left, bottom), THRESHOLD + MARGIN, THRESHOLD + MARGIN, facecolor=colour, edgecolor="none", zorder=0
    )


def _label(pull: AnswerWeight) -> str:
    answer = shorten(pull.answer, LONGEST_LABEL)
    return f"{pull.label}\n{answer}"
