// The style sheet of the report page: system fonts, one accent colour, light and dark mode, screen and print.

export const PAGE_STYLE = `
:root {
  color-scheme: light dark;
  --paper: #ffffff; --ink: #1c2024; --muted: #646b75; --hairline: #e4e7eb; --faint: #f5f6f8;
  --merged: #12805c; --merged-soft: #12805c1f; --dot: #b4bbc5; --parked: #9a6700; --crashed: #c0392b; --open: #3b6fd4;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --paper: #101418; --ink: #e8eaed; --muted: #949ca7; --hairline: #262c33; --faint: #181d23;
    --merged: #3fc796; --merged-soft: #3fc79626; --dot: #6a7582; --parked: #d9a53a; --crashed: #ef7b6f; --open: #82aaff;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 15px/1.55 -apple-system, BlinkMacSystemFont, "Segoe UI", Inter, Roboto, "Helvetica Neue", Arial, sans-serif;
  -webkit-text-size-adjust: 100%;
}
main { max-width: 1040px; margin: 0 auto; padding: 56px 32px 72px; }
a { color: inherit; text-decoration-color: var(--hairline); text-underline-offset: 3px; }
a:hover { text-decoration-color: currentColor; }
.eyebrow { margin: 0; color: var(--muted); font-size: 14px; }
h1 { margin: 18px 0 0; font-weight: 400; line-height: 1.1; }
h1 .metric { display: block; color: var(--muted); font-size: 19px; margin-bottom: 6px; }
h1 .values {
  font-size: clamp(34px, 7vw, 62px); font-weight: 650; letter-spacing: -0.028em; font-variant-numeric: tabular-nums;
}
h1 .arrow { color: var(--muted); font-weight: 300; padding: 0 0.06em; }
h1 .percent.better { color: var(--merged); }
h1 .percent { color: var(--muted); font-size: clamp(20px, 3.4vw, 30px); font-weight: 600; white-space: nowrap; margin-left: 0.3em; }
.lead { margin: 14px 0 0; color: var(--muted); font-size: 17px; max-width: 44em; }
h2 { margin: 52px 0 14px; font-size: 17px; font-weight: 650; letter-spacing: -0.005em; }
figure { margin: 36px 0 0; }
svg { display: block; width: 100%; height: auto; overflow: visible; }
.narrow { display: none; }
.grid { stroke: var(--hairline); } .axis { stroke: var(--muted); stroke-opacity: 0.6; }
.tick { fill: var(--muted); font-size: 12px; font-variant-numeric: tabular-nums; }
.label { fill: var(--ink); font-size: 12px; paint-order: stroke; stroke: var(--paper); stroke-width: 4px; stroke-linejoin: round; }
.stairs { fill: none; stroke: var(--merged); stroke-width: 2.5; stroke-linejoin: round; }
.band { fill: var(--merged-soft); }
.dot { fill: var(--dot); stroke: var(--paper); stroke-width: 1; }
.dot.merged { fill: var(--merged); stroke-width: 2; }
.dot.parked { fill: var(--parked); } .dot.handed-over, .dot.open { fill: var(--open); }
.dot.clipped { fill: none; stroke: var(--dot); stroke-width: 1.5; }
.cross { fill: none; stroke: var(--crashed); stroke-width: 1.5; stroke-linecap: round; } .cross.cut { stroke: var(--dot); }
figcaption { display: flex; flex-wrap: wrap; gap: 4px 20px; margin-top: 10px; padding-left: 62px; color: var(--muted); font-size: 13px; }
figcaption span { display: inline-flex; align-items: center; gap: 7px; }
figcaption svg { width: 14px; height: 14px; flex: none; }
/* Clips the indent and the border of the first column, so that it aligns with the page whatever the number of columns. */
dl { --indent: 20px; display: grid; grid-template-columns: repeat(auto-fit, minmax(180px, 1fr)); margin: 40px 0 0 calc(-1 * var(--indent)); border-block: 1px solid var(--hairline); clip-path: inset(0 0 0 var(--indent)); }
dl div { padding: 16px 0 15px var(--indent); border-left: 1px solid var(--hairline); }
dt { color: var(--muted); font-size: 13px; }
dd { margin: 1px 0 0; font-size: 21px; font-weight: 600; letter-spacing: -0.01em; font-variant-numeric: tabular-nums; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th { text-align: left; font-size: 13px; font-weight: 500; color: var(--muted); padding: 0 22px 8px 0; border-bottom: 1px solid var(--hairline); }
td { padding: 11px 22px 11px 0; border-bottom: 1px solid var(--hairline); vertical-align: top; }
th:last-child, td:last-child { padding-right: 0; text-align: right; }
.number { text-align: right; white-space: nowrap; }
.index { color: var(--muted); white-space: nowrap; }
.title { width: 100%; overflow-wrap: anywhere; } .title small { display: block; color: var(--muted); font-size: 13px; }
tr.merged .title strong { font-weight: 600; } .title strong { font-weight: 400; }
tr.merged td.delta { color: var(--merged); font-weight: 600; }
.badge {
  display: inline-block; padding: 1px 9px; border-radius: 99px; font-size: 12.5px; white-space: nowrap;
  color: var(--muted); background: var(--faint);
}
.badge.merged { color: var(--merged); background: var(--merged-soft); font-weight: 600; }
.badge.crashed { color: var(--crashed); } .badge.parked { color: var(--parked); }
.badge.handed-over, .badge.open { color: var(--open); }
.reading p { margin: 0 0 10px; color: var(--muted); max-width: 46em; } .reading b { color: var(--ink); font-weight: 600; }
footer { margin-top: 48px; padding-top: 16px; border-top: 1px solid var(--hairline); color: var(--muted); font-size: 13px; }
@media (max-width: 640px) {
  main { padding: 32px 18px 48px; }
  .wide { display: none; } .narrow { display: block; }
  h1 .percent { display: block; margin: 6px 0 0; }
  figcaption { padding-left: 0; }
  dl { --indent: 14px; grid-template-columns: repeat(3, 1fr); }
  dl div:nth-child(n + 4) { border-top: 1px solid var(--hairline); }
  dd { font-size: 18px; }
  .optional { display: none; }
  td, th { padding-right: 10px; }
  .badge { font-size: 12px; padding: 1px 8px; }
}
@media print {
  :root { --ink: #000; --muted: #555; --hairline: #ccc; }
  body, small, .title small, th, .badge { font-size: 10.5px; } td { padding-block: 6px; } main { max-width: none; padding: 0; }
  tr, figure, dl { break-inside: avoid; } thead { display: table-header-group; }
  .band, .dot, .badge { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
}
`
