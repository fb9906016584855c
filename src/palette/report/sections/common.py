"""What a section is made of."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

import pandas as pd

from palette.report.charts.common import Chart
from palette.report.marts import Marts
from palette.report.words import Words

TOP = 12  # bars of a ranking
POINTS = 2000  # customers or rules drawn as points; more are a seeded sample


@dataclass(frozen=True)
class Drawing:
    """A chart."""

    chart: Chart
    kind: str = "chart"


@dataclass(frozen=True)
class Table:
    """A table as written: ``numeric`` columns are set flush right, ``flagged`` rows stand out."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    numeric: Sequence[int] = ()
    flagged: Sequence[int] = ()
    kind: str = "table"


@dataclass(frozen=True)
class Tile:
    """A number to read at a glance."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class Tiles:
    """Numbers side by side."""

    tiles: Sequence[Tile]
    kind: str = "tiles"


@dataclass(frozen=True)
class Card:
    """A group or a customer.

    Attributes
    ----------
    title
        Who it is.
    facts
        Pairs of a name and a value.
    lines
        What they are like, then what to do.
    items
        Offers: the list, the item and the reason.
    """

    title: str
    facts: Sequence[tuple[str, str]]
    lines: Sequence[str] = ()
    items: Sequence[tuple[str, str, str]] = ()
    kind: str = "card"


@dataclass(frozen=True)
class Cards:
    """Cards side by side."""

    cards: Sequence[Card]
    kind: str = "cards"


Body = Drawing | Table | Tiles | Cards


@dataclass(frozen=True)
class Figure:
    """One thing the report shows.

    Attributes
    ----------
    key
        Unique in its section.
    title
        What it shows.
    sentence
        What it says on this retailer's data; why there is nothing to show, where ``body`` is None.
    body
        Chart, table, tiles or cards.
    wide
        Whether it takes the whole width of the page.
    note
        How to read it.
    of_all
        Whether it shows no groups of customers, whatever its marts hold.
    marts
        The marts it comes from; :func:`traced` fills them in.
    """

    key: str
    title: str
    sentence: str
    body: Body | None = None
    wide: bool = False
    note: str = ""
    of_all: bool = False
    marts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Section:
    """A chapter of the report: ``sentence`` is what it says in one line."""

    key: str
    title: str
    sentence: str
    figures: Sequence[Figure]

    @property
    def laid_out(self) -> list[Figure]:
        """The figures, two in a row, empty ones last; one without a neighbour takes the whole width."""
        placed: list[Figure] = []
        half = False  # whether the last one placed waits for a neighbour
        shown = [figure for figure in self.figures if figure.body is not None]
        empty = [replace(figure, wide=True) for figure in self.figures if figure.body is None]
        for figure in [*shown, *empty]:
            if figure.wide and half:
                placed[-1] = replace(placed[-1], wide=True)
            half = not (figure.wide or half)
            placed.append(figure)
        if half:
            placed[-1] = replace(placed[-1], wide=True)
        return placed


P = ParamSpec("P")
Drawn = TypeVar("Drawn", Figure, list[Figure])


def traced(draw: Callable[Concatenate[Marts, P], Drawn]) -> Callable[Concatenate[Marts, P], Drawn]:
    """Have the figures that a function draws name the marts that it read to draw them.

    Parameters
    ----------
    draw
        Takes marts and whatever else, and returns one figure or several.
    """

    @wraps(draw)
    def drawn(marts: Marts, /, *args: P.args, **kwargs: P.kwargs) -> Drawn:
        with marts.noting() as read:
            figures = draw(marts, *args, **kwargs)
        if isinstance(figures, Figure):
            return replace(figures, marts=tuple(read))
        return [replace(figure, marts=tuple(read)) for figure in figures]

    return drawn


def sampled(frame: pd.DataFrame, words: Words) -> str:
    """Say that only a sample is drawn, where that is so."""
    return (
        words("sampled", shown=words.count(POINTS), all=words.count(len(frame)))
        if len(frame) > POINTS
        else ""
    )


def ranked_segments(marts: Marts, words: Words) -> pd.DataFrame:
    """Return ``rfm_segment_profiles`` by revenue, with ``label``, the segment's name."""
    segments = marts("rfm_segment_profiles", order="revenue_share desc, rfm_segment")
    return segments.assign(label=segments["rfm_segment"].map(words.name))


def translated_names(marts: Marts, language: str) -> dict[str, str]:
    """Return what segments, clusters and palette groups are called, by the name the marts use."""
    segments = marts.shared("segment_strategies")
    clusters = marts.shared("cluster_strategies")
    groups = marts("palette_profiles")
    names = texts_by(groups, "palette_group", f"name_{language}")
    if language == "en":  # clusters are named in lower case
        return names | {name: name[:1].upper() + name[1:] for name in clusters["cluster_name"]}
    names |= texts_by(segments, "rfm_segment", f"rfm_segment_{language}")
    return names | texts_by(clusters, "cluster_name", f"cluster_name_{language}")


def texts_by(frame: pd.DataFrame, by: str, column: str) -> dict[str, str]:
    """Return a text by segment, cluster or group, of those that have one: a user may edit the seeds."""
    told = frame.dropna(subset=[column])
    return dict(zip(told[by], told[column], strict=True))


def advice_by_group(marts: Marts, words: Words, grouping: str) -> dict[str, str]:
    """Return what is advised for each group of a grouping; pieces that are not for everybody say for whom."""
    pieces = marts(
        "group_advice", where=f"grouping_name = '{grouping}'", order="group_name, advice_number"
    ).fillna({f"condition_{words.language}": ""})
    advice, conditions = pieces[f"advice_{words.language}"], pieces[f"condition_{words.language}"]
    told = [
        words("clusters.reaches", advice=text, condition=condition) if condition else text
        for text, condition in zip(advice, conditions, strict=True)
    ]
    joined_pieces = pieces.assign(told=told).groupby("group_name")["told"].agg(" ".join)
    return {str(group): text for group, text in joined_pieces.items()}


def list_by_group(marts: Marts, words: Words, strategies: pd.DataFrame, by: str) -> dict[str, str]:
    """Return the title of the list that carries out each group's strategy, of lists that the retailer has."""
    made = set(marts("recommendations", "distinct list_name")["list_name"])
    known = strategies[strategies["list_name"].isin(made)]
    return {
        str(group): words.term("list_name", name)
        for group, name in zip(known[by], known["list_name"], strict=True)
    }


def joined(names: Sequence[str], words: Words) -> str:
    """Write names as a list in a sentence."""
    if len(names) < 2:
        return "".join(names)
    return words("list", first=", ".join(names[:-1]), last=names[-1])
