/** The look of the pages: one sheet, light and dark, no script. */
export const STYLE = `
:root { color-scheme: light dark; --line: light-dark(#d1d9e0, #3d444d); --soft: light-dark(#f6f8fa, #151b23);
  --quiet: light-dark(#59636e, #9198a1); --link: light-dark(#0969da, #4493f8); --green: light-dark(#1a7f37, #3fb950);
  --purple: light-dark(#8250df, #ab7df8); --red: light-dark(#d1242f, #f85149); --amber: light-dark(#9a6700, #d29922); }
* { box-sizing: border-box }
body { margin: 0; font: 14px/1.5 system-ui, sans-serif; background: light-dark(#fff, #0d1117);
  color: light-dark(#1f2328, #f0f6fc) }
a { color: var(--link); text-decoration: none } a:hover { text-decoration: underline }
header { background: var(--soft); border-bottom: 1px solid var(--line); padding: 12px 24px 0 }
header strong { font-size: 16px } nav { display: flex; gap: 20px; margin-top: 8px }
nav a { padding: 6px 2px; color: inherit; border-bottom: 2px solid transparent }
nav a[aria-current] { border-color: light-dark(#fd8c73, #f78166); font-weight: 600 }
main { max-width: 1012px; margin: 24px auto; padding: 0 24px } h1 { font-size: 24px; font-weight: 500; margin: 0 0 8px }
h1 .quiet { font-weight: 300 } h2 { font-size: 18px; margin: 28px 0 10px } .quiet { color: var(--quiet) }
.box { border: 1px solid var(--line); border-radius: 6px; margin: 0 0 16px; overflow: hidden }
.box > .row { display: flex; gap: 12px; align-items: baseline; padding: 9px 16px; border-top: 1px solid var(--line) }
.box > .row:first-child { border-top: 0 } .box > .head { background: var(--soft); font-weight: 600 }
.row .badge { min-width: 76px; text-align: center } .head .quiet { font-weight: 400 }
.row .wide { flex: 1; min-width: 0; overflow-wrap: anywhere } .body { padding: 4px 16px; overflow-wrap: anywhere }
.badge { display: inline-block; padding: 2px 10px; border-radius: 2em; color: #fff; font-weight: 500; white-space: nowrap }
.open { background: #1f883d } .merged { background: #8250df } .closed { background: #cf222e }
.label { padding: 0 7px; border: 1px solid var(--line); border-radius: 2em; font-size: 12px; color: var(--quiet) }
.success { color: var(--green) } .failure { color: var(--red) } .neutral, .skipped { color: var(--quiet) } .pending { color: var(--amber) }
code, pre, .mono { font: 12px/1.5 ui-monospace, monospace } :not(pre) > code { background: var(--soft); padding: 2px 5px; border-radius: 5px }
pre { background: var(--soft); padding: 12px; border-radius: 6px; overflow: auto; margin: 8px 0 } pre.diff { border-radius: 0; margin: 0; padding: 0 }
pre.diff span { display: block; padding: 0 16px; white-space: pre-wrap; overflow-wrap: anywhere }
.add { background: light-dark(#dafbe1, #12261e) } .del { background: light-dark(#ffebe9, #25171c) } .hunk { background: light-dark(#ddf4ff, #121d2f); color: var(--quiet) }
table { border-collapse: collapse; margin: 8px 0; display: block; overflow-x: auto } td, th { border: 1px solid var(--line); padding: 5px 12px } img { max-width: 100% }
blockquote { margin: 8px 0; padding-left: 12px; border-left: 3px solid var(--line); color: var(--quiet) } summary { cursor: pointer }
`
