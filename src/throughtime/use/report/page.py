"""The page: sections in the order in which one asks."""

from __future__ import annotations

from throughtime.use.report.frame import contents, whole_page
from throughtime.use.report.html import tag
from throughtime.use.report.material import ReportMaterial
from throughtime.use.report.sections.again import again
from throughtime.use.report.sections.attention import attention
from throughtime.use.report.sections.calibration import calibration
from throughtime.use.report.sections.classes import class_figures, confusion
from throughtime.use.report.sections.each_series import each_series
from throughtime.use.report.sections.explained import explained
from throughtime.use.report.sections.explained_forecasts import explained_forecasts
from throughtime.use.report.sections.forecasts import forecasts
from throughtime.use.report.sections.future import future
from throughtime.use.report.sections.headline import headline
from throughtime.use.report.sections.learning import learning
from throughtime.use.report.sections.lengths import lengths
from throughtime.use.report.sections.memory import memory
from throughtime.use.report.sections.mistakes import mistakes
from throughtime.use.report.sections.model import model
from throughtime.use.report.sections.music import music
from throughtime.use.report.sections.neighbours import neighbours
from throughtime.use.report.sections.over_time import over_time
from throughtime.use.report.sections.reading import reading
from throughtime.use.report.sections.regression import regression
from throughtime.use.report.sections.replay import replay
from throughtime.use.report.sections.samples import samples
from throughtime.use.report.sections.sentences import sentences
from throughtime.use.report.sections.series import series
from throughtime.use.report.sections.standing import standing
from throughtime.use.report.sections.step import step
from throughtime.use.report.sections.steps_ahead import steps_ahead
from throughtime.use.report.sections.surprises import surprises
from throughtime.use.report.sections.texts import texts
from throughtime.use.report.sections.units import units

SECTIONS = {
    "future": ("The future", future),
    "standing": ("Against the baselines", standing),
    "forecasts": ("Forecasts over the truth", forecasts),
    "steps_ahead": ("Errors by horizon", steps_ahead),
    "over_time": ("Errors by date", over_time),
    "each_series": ("By series", each_series),
    "calibration": ("Calibration", calibration),
    "explained_forecasts": ("Why it forecasts so", explained_forecasts),
    "learning": ("Learning curves", learning),
    "memory": ("Through time", memory),
    "samples": ("What it writes", samples),
    "music": ("Its music", music),
    "surprises": ("What surprises it", surprises),
    "sentences": ("Sentences", sentences),
    "texts": ("Worst answers", texts),
    "attention": ("Where it looks", attention),
    "regression": ("Predicted against true", regression),
    "series": ("Worst rows", series),
    "confusion": ("Confusion matrix", confusion),
    "classes": ("Figures by class", class_figures),
    "lengths": ("By length", lengths),
    "mistakes": ("Worst mistakes", mistakes),
    "explained": ("Why it answered so", explained),
    "units": ("Units that stand for something", units),
    "neighbours": ("Words held for alike", neighbours),
    "step": ("One step in numbers", step),
    "nan": ("Where training stopped", replay),
    "data": ("The data", reading),
    "model": ("The network", model),
    "again": ("Run it again", again),
}


def build(material: ReportMaterial) -> str:
    """The whole page as one self-contained text: no script, nothing fetched, light and dark, wide and narrow."""
    sections = {name: (title, make(material)) for name, (title, make) in SECTIONS.items()}
    shown = {name: (title, body) for name, (title, body) in sections.items() if body is not None}
    links = contents({name: title for name, (title, _) in shown.items()})
    main = tag("main", headline(material), links, [body for _, body in shown.values()])
    return whole_page(f"{material.name} · throughtime report", main)
