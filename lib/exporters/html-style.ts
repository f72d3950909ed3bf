// How a page looks. Its hash stands in the page's policy, so that no other style is obeyed.

const LIGHT = `
--page: #fcfbf9; --ink: #24211d; --soft: #6f6960; --line: #e6e1d9; --panel: #f4f1ec; --card: #efebe3;
--accent: #9a4f23; --link: #1f5f8b; --error: #a32f2a; --code: #f4f1ec;`;
const DARK = `
--page: #191817; --ink: #e4e0d9; --soft: #9c958a; --line: #34312d; --panel: #211f1d; --card: #282522;
--accent: #e0a070; --link: #8fbfe3; --error: #f0928b; --code: #211f1d;`;

export const STYLE: string = `
:root { color-scheme: light dark; ${LIGHT}
--text: ui-sans-serif, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", Arial, sans-serif;
--mono: ui-monospace, "SF Mono", "Cascadia Code", Menlo, Consolas, "DejaVu Sans Mono", "Noto Sans Mono", monospace;
--wide: 46rem; }
@media (prefers-color-scheme: dark) { :root { ${DARK} } }
* { box-sizing: border-box; }
html { scroll-padding-top: 4rem; -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body { margin: 0; background: var(--page); color: var(--ink); font: 1rem/1.65 var(--text);
  overflow-wrap: anywhere; text-rendering: optimizeLegibility; font-kerning: normal; }
a { color: var(--link); text-decoration-thickness: 1px; text-underline-offset: .18em; }
.bar { position: sticky; top: 0; z-index: 1; background: var(--page); border-bottom: 1px solid var(--line); }
.bar a { display: block; max-width: var(--wide); margin: 0 auto; padding: .6rem 1.25rem; font-size: .9rem; font-weight: 600;
  color: inherit; text-decoration: none; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
@supports (animation-timeline: scroll()) {
  .bar { opacity: 0; visibility: hidden; animation: appear linear both; animation-timeline: scroll(); animation-range: 5rem 9rem; }
  @keyframes appear { to { opacity: 1; visibility: visible; } }
}
.top, main { max-width: var(--wide); margin: 0 auto; padding: 0 1.25rem; }
.top { padding-top: 1rem; }
.index .top { padding-top: 4rem; }
h1 { margin: 0 0 .75rem; font-size: clamp(1.5rem, 1.2rem + 1.6vw, 2.1rem); line-height: 1.25; font-weight: 650;
  letter-spacing: -.012em; text-wrap: balance; }
h1:lang(ja), h1:lang(zh), h1:lang(ko) { letter-spacing: 0; }
.facts { display: flex; flex-wrap: wrap; gap: .1rem 1.1rem; margin: 0 0 .15rem; color: var(--soft); font-size: .875rem;
  font-variant-numeric: tabular-nums; }
.more { font-size: .8rem; }
.summary { margin: 1.25rem 0 0; padding-inline-start: 1rem; border-inline-start: 3px solid var(--line); color: var(--soft); }
main { padding-bottom: 6rem; }
.day { display: flex; align-items: center; gap: 1rem; margin: 2.75rem 0 .5rem; color: var(--soft); font-size: .8rem;
  font-variant-numeric: tabular-nums; letter-spacing: .03em; }
.day::before, .day::after { content: ""; flex: 1; border-top: 1px solid var(--line); }
article { margin: 1.5rem 0; content-visibility: auto; contain-intrinsic-size: auto 12rem; }
article > header { display: flex; align-items: baseline; gap: .75rem; margin-bottom: .3rem; font-size: .8rem; }
.role { font-weight: 650; letter-spacing: .01em; }
.assistant .role { color: var(--accent); }
.system .role, .tool .role { color: var(--soft); }
.at { margin-inline-start: auto; color: var(--soft); text-decoration: none; font-variant-numeric: tabular-nums; }
.at:hover, .at:focus-visible { text-decoration: underline; }
.altered { color: var(--error); }
.user { background: var(--card); border-radius: 10px; padding: .85rem 1.15rem 1rem; }
.system > :not(header) { color: var(--soft); }
article:target { outline: 2px solid var(--accent); outline-offset: .6rem; border-radius: 6px; }
.user:target { outline-offset: 0; border-radius: 10px; }
p { margin: .65rem 0; white-space: pre-wrap; tab-size: 4; text-wrap: pretty; }
article > header + p { margin-top: 0; }
article > :last-child { margin-bottom: 0; }
.h1, .h2, .h3 { margin: 1.35rem 0 .35rem; font-weight: 650; line-height: 1.35; }
.h1 { font-size: 1.3rem; } .h2 { font-size: 1.15rem; } .h3 { font-size: 1.02rem; }
.li { margin: .2rem 0; padding-inline-start: 1.5rem; text-indent: -1.1rem; }
.l1 { margin-inline-start: 1.3rem; } .l2 { margin-inline-start: 2.6rem; } .l3 { margin-inline-start: 3.9rem; } .l4 { margin-inline-start: 5.2rem; }
.q { margin: .2rem 0; padding-inline-start: .9rem; border-inline-start: 3px solid var(--line); color: var(--soft); }
.table { margin: .9rem 0; overflow-x: auto; }
table { border-collapse: collapse; font-size: .92rem; line-height: 1.5; }
th, td { padding: .38rem .9rem .38rem 0; border-bottom: 1px solid var(--line); text-align: start; vertical-align: top; overflow-wrap: normal; min-width: 4rem; }
th { font-weight: 650; }
hr { border: 0; border-top: 1px solid var(--line); margin: 1.4rem 0; }
code { font: .875em/1.5 var(--mono); font-variant-ligatures: none; text-indent: 0; }
p code, td code, th code, summary code { background: var(--code); border-radius: 4px; padding: .1em .32em; box-decoration-break: clone; -webkit-box-decoration-break: clone; }
.user p code, .user td code { background: var(--page); }
pre { position: relative; margin: .8rem 0; padding: .8rem 1rem; background: var(--code); border: 1px solid var(--line);
  border-radius: 8px; overflow-x: auto; tab-size: 4; overflow-wrap: normal; text-align: start; max-height: 75vh; overflow-y: auto; }
pre code { font-size: .83rem; line-height: 1.55; }
.user pre { background: var(--page); }
pre[data-language]::before { content: attr(data-language); position: sticky; float: right; inset-inline-end: 0; margin: -.35rem -.3rem 0 1rem;
  color: var(--soft); font: .7rem/1.4 var(--text); letter-spacing: .02em; }
details { margin: .5rem 0; border: 1px solid var(--line); border-radius: 8px; background: var(--panel); font-size: .9rem; }
.user details { background: var(--page); }
summary { display: flex; align-items: baseline; gap: .6rem; padding: .38rem .8rem; cursor: pointer; list-style: none; border-radius: 8px; }
summary::-webkit-details-marker { display: none; }
summary::before { content: ""; flex: none; align-self: center; width: .38rem; height: .38rem; margin-inline-end: .1rem; border: solid var(--soft);
  border-width: 0 1.5px 1.5px 0; transform: rotate(-45deg); }
details[open] > summary::before { transform: rotate(45deg) translate(-1px, -1px); }
summary:focus-visible, a:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
.what { flex: none; color: var(--soft); font-size: .8rem; }
summary code { flex: none; max-width: 50%; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; background: none; padding: 0; font-weight: 600; }
.hint { flex: 1; min-width: 0; color: var(--soft); font-size: .82rem; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
details[open] > summary .hint { visibility: hidden; }
.error > summary .what { color: var(--error); font-weight: 600; }
.in { padding: 0 .8rem .6rem; }
.in > pre { margin: .2rem 0 .4rem; border: 0; padding: .5rem .2rem 0; background: none; }
.in > pre[data-language]::before { content: none; }
.reasoning .in { color: var(--soft); }
figure { margin: .9rem 0; }
img { display: block; max-width: 100%; max-height: 80vh; height: auto; border: 1px solid var(--line); border-radius: 8px; background: var(--panel); }
figcaption, .media, .note { display: flex; flex-wrap: wrap; gap: .1rem .7rem; margin-top: .4rem; color: var(--soft); font-size: .8rem; }
.media { width: fit-content; max-width: 100%; padding: .4rem .8rem; border: 1px solid var(--line); border-radius: 8px; }
.broken { padding: .7rem 1rem; border: 1px solid var(--error); border-radius: 8px; color: var(--error); }
nav { max-width: var(--wide); margin: 0 auto; padding: 0 1.25rem 4rem; font-size: .85rem; }
nav h2 { margin: 0 0 .4rem; color: var(--ink); font-size: .8rem; font-weight: 650; }
nav ol, .sessions { margin: 0; padding: 0; list-style: none; }
nav a { display: block; padding: .28rem 0; color: var(--soft); text-decoration: none; line-height: 1.4; }
nav a:hover { color: var(--ink); }
.sessions li { padding: .9rem 0; border-top: 1px solid var(--line); content-visibility: auto; contain-intrinsic-size: auto 4.5rem; }
.sessions a { display: block; color: var(--ink); font-weight: 600; text-decoration: none; line-height: 1.4; }
.sessions a:hover { color: var(--link); text-decoration: underline; }
@media (min-width: 84rem) {
  nav { position: fixed; inset-block: 4rem 1rem; inset-inline-start: calc(50% + var(--wide) / 2 + 1.5rem); width: min(17rem, calc(50% - var(--wide) / 2 - 3rem));
    padding: 0 0 0 1rem; margin: 0; overflow-y: auto; border-inline-start: 1px solid var(--line); }
  nav a { display: -webkit-box; -webkit-line-clamp: 2; -webkit-box-orient: vertical; overflow: hidden; }
}
@media (max-width: 34rem) {
  .top, main, nav, .bar a { padding-inline: .9rem; }
  summary .hint { display: none; }
}
@media print {
  :root { --page: #fff; --ink: #000; --soft: #555; --line: #ccc; --panel: #fff; --card: #f3f3f3; --code: #f7f7f7; --accent: #000; --link: #000; color-scheme: light; }
  body { font-size: 10.5pt; }
  .bar, nav { display: none; }
  .top, main { max-width: none; padding-inline: 0; }
  article { content-visibility: visible; }
  pre { max-height: none; white-space: pre-wrap; overflow-wrap: anywhere; overflow: visible; }
  details::details-content { content-visibility: visible; display: block; height: auto; }
  figure, summary, article > header { break-inside: avoid; break-after: avoid; }
}
`;
