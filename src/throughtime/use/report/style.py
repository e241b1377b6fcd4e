"""The page's style sheet. Blue and orange stay apart for every kind of colour blindness, on white and on black."""

from __future__ import annotations

STYLE = """
:root {
  color-scheme: light dark;
  --paper: #ffffff; --card: #f5f7f9; --ink: #1c2127; --muted: #5b6570; --line: #d9dee4;
  --first: #0b62a4; --second: #b84a00; --open: #6a5a00; --strong: #ffffff;
  --first-shade: #d5e6f5; --second-shade: #ffe0c7; --first-rgb: 11 98 164; --second-rgb: 222 110 20;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  --mono: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #11151a; --card: #191f26; --ink: #e4e8ec; --muted: #9ba6b2; --line: #343d47;
    --first: #62b5f2; --second: #f5a55c; --open: #d9c54a; --strong: #0d1116;
    --first-shade: #163a57; --second-shade: #52310f; --first-rgb: 70 160 230; --second-rgb: 235 130 40;
  }
}

* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 var(--sans); }
main { max-width: 1040px; margin: 0 auto; padding: 32px 20px 72px; }
h1 { font-size: 2rem; line-height: 1.2; margin: 0 0 20px; overflow-wrap: anywhere; }
h2 { font-size: 1.3rem; margin: 0 0 12px; }
a { color: var(--first); text-decoration: none; }
a:hover { text-decoration: underline; }
section { margin-top: 44px; scroll-margin-top: 12px; }
.eyebrow { margin: 0 0 4px; color: var(--muted); font-size: .85rem; letter-spacing: .02em; }
.note { color: var(--muted); font-size: .9rem; margin: 6px 0 14px; max-width: 76ch; overflow-wrap: anywhere; }

.verdict { border-left: 6px solid var(--muted); background: var(--card); border-radius: 4px 10px 10px 4px; }
.verdict { padding: 16px 20px; }
.verdict.wins, .verdict.ahead { border-color: var(--first); }
.verdict.loses, .verdict.behind { border-color: var(--second); }
.verdict.open { border-color: var(--open); }
.badge { margin: 0 0 4px; font-size: 1.25rem; font-weight: 650; }
.wins .badge, .ahead .badge { color: var(--first); }
.loses .badge, .behind .badge { color: var(--second); }
.open .badge { color: var(--open); }
.verdict-words { margin: 0; font-size: 1.06rem; max-width: 68ch; overflow-wrap: anywhere; }
.verdict-words + .verdict-words { margin-top: 8px; }
.facts { display: flex; flex-wrap: wrap; gap: 10px 34px; margin: 20px 0 0; }
.facts dt { color: var(--muted); font-size: .82rem; }
.facts dd { margin: 0; font-size: 1.12rem; font-weight: 600; overflow-wrap: anywhere; }
nav { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 22px 0 0; padding: 10px 0; font-size: .9rem; }
nav { border-top: 1px solid var(--line); border-bottom: 1px solid var(--line); }

.pair { display: grid; gap: 4px 36px; margin-top: 20px; }
.pair > figure { display: grid; grid-row: span 3; grid-template-rows: subgrid; align-content: start; }
.pair > figure { margin-bottom: 20px; }
.pair > figure > * { min-width: 0; }
.pair { grid-template-columns: repeat(auto-fit, minmax(min(100%, 400px), 1fr)); }
figure { margin: 0 0 8px; min-width: 0; }
figcaption { margin-bottom: 10px; font-size: .95rem; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; max-width: 100%; }
svg { display: block; width: 100%; height: auto; font: 13px var(--sans); }
svg text { fill: var(--muted); }
svg .label { fill: var(--ink); }
svg .bold { fill: var(--ink); font-weight: 650; }
svg .halo { paint-order: stroke; stroke: var(--paper); stroke-width: 5px; stroke-linejoin: round; }
svg .small { font-size: 10.5px; }
svg .large { font-size: 19px; font-weight: 650; }
.axis { stroke: var(--muted); stroke-width: 1; }
.grid { stroke: var(--line); stroke-width: 1; }
.curve { fill: none; stroke-width: 2.2; stroke-linejoin: round; }
.curve.thin { stroke-width: 1.4; }
.curve.first { stroke: var(--first); }
.curve.second { stroke: var(--second); }
.curve.plain { stroke: var(--ink); stroke-width: 1.5; }
.curve.thin { stroke-width: 1.5; }
.band { fill: rgb(var(--first-rgb) / .24); }
.alone.plain { fill: var(--ink); }
.alone.first { fill: var(--first); }
.alone.second { fill: var(--second); }
.begin { stroke: var(--muted); stroke-width: 1; stroke-dasharray: 2 3; }
.curve.dashed { stroke-dasharray: 8 4; }
.curve.dotted { stroke-dasharray: .1 5; stroke-width: 3; stroke-linecap: round; }
.curve.broken { stroke-dasharray: 9 4 2 4; }
.end.first { fill: var(--first); }
.end.second { fill: var(--second); }
.leader { stroke: var(--muted); stroke-width: .8; opacity: .6; }
.dot.first, .bar.first { fill: var(--first); }
.dot.second { fill: var(--second); }
.dot.plain { fill: var(--muted); }
.point { fill: var(--first); fill-opacity: .45; }
.ring { fill: none; stroke-width: 2.2; }
.ring.first { stroke: var(--first); }
.ring.second { stroke: var(--second); }
.level { stroke: var(--muted); stroke-width: 1.6; stroke-dasharray: 5 4; }
.whisker { stroke-width: 3; stroke-linecap: round; opacity: .55; }
.whisker.plain { stroke: var(--muted); }
.whisker.first { stroke: var(--first); }
svg .empty { fill: var(--card); }
.gaps { stroke: var(--paper); stroke-width: 1; }
svg .right { fill: var(--first); }
svg .wrong { fill: var(--second); }
svg .count { fill: var(--ink); pointer-events: none; }
svg .count.strong { fill: var(--strong); }

table { border-collapse: collapse; font-size: .9rem; margin: 6px 0; }
caption { text-align: left; font-weight: 600; padding: 0 0 6px; }
th, td { text-align: left; padding: 5px 18px 5px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
thead th { color: var(--muted); font-weight: 500; white-space: nowrap; }
tbody th { font-weight: 500; }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.share { display: inline-block; width: 84px; height: 9px; margin-right: 8px; background: var(--line); }
.share, .share span { border-radius: 2px; overflow: hidden; }
.share span { display: block; height: 100%; background: var(--first); }
.with-share { white-space: nowrap; font-variant-numeric: tabular-nums; }
details { margin: 4px 0; }
summary { cursor: pointer; color: var(--muted); font-size: .88rem; }
summary:hover { color: var(--ink); }

.mistakes { list-style: none; margin: 0; padding: 0; display: grid; gap: 10px; }
.mistakes.short { grid-template-columns: repeat(auto-fit, minmax(min(100%, 400px), 1fr)); }
.mistakes li { background: var(--card); border-radius: 8px; padding: 10px 14px; min-width: 0; }
.answer { font-size: .9rem; color: var(--muted); margin-bottom: 4px; overflow-wrap: anywhere; }
.answer bdi { font-weight: 650; }
.truth, .found { color: var(--first); }
.wrong { color: var(--second); }
.group { margin-right: 10px; }
.answer { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 12px; }
.place { font-size: .82rem; }
.input { overflow-wrap: anywhere; white-space: pre-wrap; }
.text { unicode-bidi: isolate; }
.column { color: var(--muted); font-size: .82rem; margin-inline-end: 8px; }
.input summary { color: inherit; font-size: inherit; list-style: none; }
.input summary::-webkit-details-marker { display: none; }
.input .more { color: var(--first); font-size: .85rem; margin-inline-start: 8px; white-space: nowrap; }
details[open] > summary .cut { display: none; }

h3 { font-size: 1rem; margin: 22px 0 8px; }
.running { font-size: 1.06rem; line-height: 2; overflow-wrap: anywhere; }
.running .more { color: var(--muted); font-size: .85rem; }
.legend { font-size: .9rem; color: var(--muted); }
.legend p { margin: 0; }
.legend .running { font-size: 1rem; color: var(--ink); }
.marked span { padding: 2px 0 3px; -webkit-box-decoration-break: clone; box-decoration-break: clone; }
.marked .said { background: var(--second-shade); }
.marked .is { border-bottom: 3px dashed var(--second); }
.marked.right .said { background: var(--first-shade); border-radius: 3px 3px 0 0; }
.marked.right .is { border-bottom: 3px solid var(--first); }
.marked .name { font-size: .72rem; font-weight: 650; color: var(--second); white-space: nowrap; padding: 0 3px 0 1px; }
.marked .long { white-space: normal; }
.marked.right .name { color: var(--first); }
.token { display: inline-flex; flex-direction: column; align-items: center; line-height: 1.2; max-width: 100%; }
.token { vertical-align: baseline; margin-bottom: .35em; }
.token .tag { font-size: .68rem; text-align: center; color: var(--muted); padding: 2px 3px 0; }
.token.wrong b { font-weight: 500; color: var(--ink); }
.token.wrong b { border-bottom: 3px solid var(--second); background: var(--second-shade); }
.token ins { text-decoration: none; font-weight: 650; color: var(--first); }
.token del { color: var(--second); }

.mistakes.long { grid-template-columns: minmax(0, 1fr); }
.versions { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 2px 12px; margin: 0 0 4px; }
.versions dt { color: var(--muted); font-size: .82rem; line-height: 1.9; }
.versions dd { margin: 0; overflow-wrap: anywhere; }
.versions .aside, .versions .more { color: var(--muted); }
mark { color: inherit; padding: 1px 0 2px; -webkit-box-decoration-break: clone; box-decoration-break: clone; }
mark.added { background: var(--second-shade); border-bottom: 2px solid var(--second); }
mark.missed { background: var(--first-shade); border-bottom: 2px dashed var(--first); }
.plain { margin: 4px 0 8px; padding-inline-start: 20px; font-size: .92rem; overflow-wrap: anywhere; }
.maps { display: grid; gap: 28px 32px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 440px), 1fr)); }
.maps article { min-width: 0; border-top: 1px solid var(--line); padding-top: 8px; }
.maps .wide { grid-column: 1 / -1; }
.maps .versions { margin-top: 4px; }

.explained { border-top: 1px solid var(--line); margin-top: 18px; padding-bottom: 8px; }
.explained h3 { overflow-wrap: anywhere; }
.shaded { white-space: pre-wrap; }
.shaded span { padding: 2px 0 3px; border-radius: 3px 3px 0 0; }
.shaded span { -webkit-box-decoration-break: clone; box-decoration-break: clone; }
.shaded .for, .shaded .against { background: color-mix(in srgb, var(--hue) var(--shade), transparent); }
.shaded .for, .shaded .against { border-bottom: 2px solid color-mix(in srgb, var(--hue) var(--shade), transparent); }
.shaded .for { --hue: var(--first); }
.shaded .against { --hue: var(--second); border-bottom-style: dashed; }

.parses { font-weight: 650; margin-inline-start: 8px; }
.parses.yes { color: var(--first); }
.parses.no { color: var(--second); }
pre.prose { white-space: pre-wrap; overflow-wrap: anywhere; }
.epochs { list-style: none; margin: 0; padding: 0; display: grid; gap: 12px; }
.epochs li { display: grid; grid-template-columns: 112px minmax(0, 1fr); gap: 0 16px; }
.epochs li > div { display: flex; flex-direction: column; padding-top: 12px; font-size: .88rem; }
.epochs li > div { color: var(--muted); line-height: 1.4; }
.epochs strong { color: var(--ink); }
.epochs pre { margin: 0; }
.mistakes.lines li { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 4px 24px; align-items: start; }
.line { font: 15px/1.5 var(--mono); white-space: pre-wrap; overflow-wrap: anywhere; }
.losses { font-size: .82rem; text-align: end; }
.losses .who { color: var(--muted); display: inline-block; min-width: 5.4em; text-align: start; }
.lines .place { color: var(--muted); margin-top: 2px; }
.share.baseline span { background: var(--muted); }
.shaded { line-height: 1.75; white-space: pre-wrap; overflow-wrap: anywhere; }
.shaded .on { border-bottom: 2px solid currentColor; }
.shaded span { -webkit-box-decoration-break: clone; box-decoration-break: clone; padding: 1px 0; }
.yes-1 { background: rgb(var(--first-rgb) / .1); } .no-1 { background: rgb(var(--second-rgb) / .1); }
.yes-2 { background: rgb(var(--first-rgb) / .2); } .no-2 { background: rgb(var(--second-rgb) / .2); }
.yes-3 { background: rgb(var(--first-rgb) / .32); } .no-3 { background: rgb(var(--second-rgb) / .32); }
.yes-4 { background: rgb(var(--first-rgb) / .46); } .no-4 { background: rgb(var(--second-rgb) / .46); }
.neighbours .near { display: inline-block; margin: 0 16px 2px 0; white-space: nowrap; }
.cosine { color: var(--muted); font-size: .8rem; font-variant-numeric: tabular-nums; }

.notes, .warnings { margin: 0 0 12px; padding-left: 20px; overflow-wrap: anywhere; }
.warnings { color: var(--second); }
pre { background: var(--card); border-radius: 8px; padding: 12px 16px; margin: 8px 0; overflow-x: auto; }
pre { font: 14px/1.6 var(--mono); }
code { font-family: var(--mono); overflow-wrap: anywhere; }

@media (max-width: 520px) {
  main { padding: 20px 14px 56px; }
  h1 { font-size: 1.6rem; }
  .facts { gap: 10px 24px; }
  .share { display: none; }
  .losses .share { display: inline-block; }
  .epochs li, .mistakes.lines li { grid-template-columns: minmax(0, 1fr); }
  .epochs li > div { flex-flow: row wrap; gap: 0 12px; padding: 0 0 4px; }
  .losses { text-align: start; }
  tbody th { min-width: 6.5em; }
  th, td { padding-right: 12px; }
}
@media print {
  .scroll { overflow: visible; }
  nav { display: none; }
}
"""
