/** The page's style sheet: system fonts, one column of text, a grid of figures; light, dark, narrow and on paper. */
import { COLOUR_ROLES, colour, PAGE_COLOURS, type Theme } from './palette.ts';

export function styleSheet(): string {
  return `:root{color-scheme:light dark;${variables('light')}}
@media (prefers-color-scheme:dark){:root{${variables('dark')}}}
@media print{:root{color-scheme:light;${variables('light')}}}
${BASE}${HEADER}${TILES}${FIGURES}${TABLES}${NARROW_AND_PAPER}`;
}

function variables(theme: Theme): string {
  const page = Object.entries(PAGE_COLOURS[theme]).map(([name, value]) => `--${name}:${value}`);
  return [...page, ...COLOUR_ROLES.map((role) => `--role-${role}:${colour(role, theme)}`)].join(';');
}

const BASE = `*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 -apple-system,BlinkMacSystemFont,"Segoe UI",Roboto,"Helvetica Neue","Liberation Sans",Arial,sans-serif}
main,.colophon{max-width:1160px;margin:0 auto;padding:0 28px}
main{padding-top:34px}
article+article{margin-top:5rem;border-top:3px solid var(--ink);padding-top:2rem}
a{color:var(--accent)}
h1,h2,h3,p,li,summary,figcaption,nav a{overflow-wrap:anywhere}
h1,h2,h3{line-height:1.2;font-weight:650;letter-spacing:-.011em;text-wrap:balance}
h2{font-size:1.45rem;margin:3.2rem 0 .9rem;padding-top:1.1rem;border-top:1px solid var(--line)}
h3{font-size:1.08rem;margin:0 0 .35rem}
p{margin:.4rem 0 .9rem;max-width:74ch}
code,pre{font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace}
code{overflow-wrap:anywhere}
pre{background:var(--code);border:1px solid var(--line);border-radius:6px;padding:14px 16px;overflow:auto;max-height:32rem;margin:.6rem 0}
summary{cursor:pointer;color:var(--accent);width:fit-content}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
.muted{color:var(--muted)}
.num{font-variant-numeric:tabular-nums}
.sr{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.skip{position:absolute;left:-999px}.skip:focus{left:12px;top:8px;background:var(--card);padding:6px 12px;z-index:9}
.fault{border:1px solid var(--role-limit);border-left-width:5px;border-radius:6px;padding:10px 14px;margin:1rem 0;background:var(--card)}
ul.plain{padding-left:1.1rem;max-width:78ch}ul.plain li{margin:.3rem 0}
`;

const HEADER = `.eyebrow{font-size:.84rem;color:var(--muted);margin:0 0 .7rem}
.eyebrow b{color:var(--ink);font-weight:650}
h1{font-size:clamp(1.55rem,3.4vw,2.35rem);margin:0 0 1rem;max-width:34ch}
.answer{font-size:clamp(1.05rem,1.7vw,1.25rem);line-height:1.5;max-width:64ch;margin:0 0 1.4rem}
.answer b{font-weight:650}
.answer b.unfit{color:var(--worse)}
.split{display:flex;height:22px;border-radius:4px;overflow:hidden;gap:2px;margin:.2rem 0 .55rem}
.split i{display:block;min-width:2px}
.key{display:flex;flex-wrap:wrap;gap:.25rem 1.3rem;font-size:.88rem;color:var(--muted);padding:0;margin:0;list-style:none}
.key b{color:var(--ink);font-weight:600;font-variant-numeric:tabular-nums}
.swatch{display:inline-block;width:.78em;height:.78em;border-radius:2px;margin-right:.45em;vertical-align:-.03em}
.swatch.line{height:0;border-top:2px dashed;border-radius:0;vertical-align:.25em;width:1.3em}
nav.contents{font-size:.9rem;margin:1.6rem 0 0;display:flex;flex-wrap:wrap;gap:.2rem 1.1rem}
`;

const TILES = `.tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(240px,1fr));gap:12px;padding:0;margin:1rem 0;list-style:none}
.tile{position:relative;background:var(--card);border:1px solid var(--line);border-radius:8px;padding:12px 14px 11px}
.tile .value{display:block;font-size:1.5rem;line-height:1.2;font-weight:600;font-variant-numeric:tabular-nums;letter-spacing:-.01em}
.tile .value small{font-size:.6em;font-weight:500;color:var(--muted);letter-spacing:0}
.tile .note{display:block;font-size:.8rem;color:var(--muted);margin-top:.15rem}
.hint{font:inherit;font-size:.86rem;color:var(--muted);background:none;border:0;padding:0;margin:0 0 .2rem;text-align:left;cursor:help;text-decoration:underline dotted;text-underline-offset:3px}
.tip{visibility:hidden;opacity:0;position:absolute;left:-1px;right:-1px;top:calc(100% + 6px);z-index:5;background:var(--ink);color:var(--paper);font-size:.84rem;line-height:1.45;padding:9px 12px;border-radius:6px;pointer-events:none;min-width:235px}
.hint:hover+.tip,.hint:focus+.tip{visibility:visible;opacity:1}
`;

const FIGURES = `.figures{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:18px;align-items:start}
figure{margin:0;background:var(--card);border:1px solid var(--line);border-radius:10px;padding:18px 20px 14px;min-width:0;grid-column:1/-1;break-inside:avoid}
figure.half{grid-column:auto}
figcaption p{margin:.2rem 0 .5rem;font-size:.9rem;color:var(--muted);max-width:90ch}
figcaption .finding{color:var(--ink);font-size:.95rem;margin:.3rem 0 .5rem}
.controls{display:flex;flex-wrap:wrap;gap:.5rem 1.1rem;align-items:center;font-size:.88rem;margin:.3rem 0 .5rem}
.controls:empty{display:none}
.controls label{display:inline-flex;gap:.45rem;align-items:center;color:var(--muted)}
.controls select,.controls button{font:inherit;color:var(--ink);background:var(--paper);border:1px solid var(--line);border-radius:5px;padding:.24rem .55rem}
.controls input[type=range]{width:150px;accent-color:var(--accent)}
.plot{position:relative;min-height:90px}
.plot canvas{display:block}
.plot svg{display:block;margin:0 auto;max-width:100%;height:auto}
.panels{display:flex;flex-wrap:wrap;gap:14px 22px;justify-content:center}
.panels>div{min-width:0}
.panels .name{font-size:.85rem;color:var(--muted);margin:0 0 .2rem;max-width:none}
.legend{display:flex;flex-wrap:wrap;gap:.15rem 1.1rem;font-size:.85rem;margin:.1rem 0 .5rem;padding:0;list-style:none}
.scale{display:flex;align-items:center;gap:.6rem;font-size:.82rem;color:var(--muted);margin:.5rem 0 0;justify-content:center}
.scale i{display:block;height:10px;flex:0 1 220px;border-radius:2px}
.hover{position:absolute;z-index:4;pointer-events:none;background:var(--ink);color:var(--paper);font-size:.82rem;line-height:1.4;padding:6px 9px;border-radius:5px;max-width:260px;font-variant-numeric:tabular-nums}
.hover[hidden]{display:none}
.overview{touch-action:none;cursor:grab;margin-top:.4rem}
figure details{font-size:.9rem;margin-top:.6rem}
`;

/** A table wider than its box shows a bar to scroll it by, which overlay scroll bars hide, and a shade at the side where more of it is. */
const TABLES = `.scroll{--ground:var(--paper);overflow-x:auto;max-width:100%;background:linear-gradient(to right,var(--ground) 30%,transparent) left/36px 100% no-repeat local,linear-gradient(to left,var(--ground) 30%,transparent) right/36px 100% no-repeat local,linear-gradient(to right,var(--line),transparent) left/12px 100% no-repeat scroll,linear-gradient(to left,var(--line),transparent) right/12px 100% no-repeat scroll}
figure .scroll{--ground:var(--card)}
.scroll::-webkit-scrollbar{height:9px;width:9px}
.scroll::-webkit-scrollbar-thumb{background:var(--muted);border-radius:5px;border:2px solid var(--ground)}
@supports not selector(::-webkit-scrollbar){.scroll{scrollbar-width:thin;scrollbar-color:var(--muted) transparent}}
.scroll.tall{max-height:24rem;overflow:auto}
table{border-collapse:collapse;font-size:.89rem;font-variant-numeric:tabular-nums;margin:.4rem 0}
caption{text-align:left;color:var(--muted);font-size:.86rem;padding:0 0 .4rem}
th,td{padding:.36rem .8rem .36rem 0;text-align:right;border-bottom:1px solid var(--line);vertical-align:top;white-space:nowrap}
th:first-child,td:first-child{text-align:left}
td.text,th.text{text-align:left;white-space:normal;min-width:min(34ch,58vw)}
th:first-child,td:first-child{white-space:normal;min-width:min(16ch,34vw)}
thead th{font-weight:600;color:var(--muted);vertical-align:bottom;white-space:normal}
tbody th{font-weight:500}
.scroll tbody th,.scroll thead th:first-child{position:sticky;left:0;z-index:1;background:var(--ground)}
td small{display:block;color:var(--muted);font-size:.84em}
td.worse small b{color:var(--worse)}
td.better small b{color:var(--better)}
td small b{font-weight:600}
dl.facts{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.3rem 1.2rem;font-size:.92rem;margin:.4rem 0}
dl.facts dt{color:var(--muted)}dl.facts dd{margin:0;overflow-wrap:anywhere}
`;

const NARROW_AND_PAPER = `.colophon{margin-top:3.5rem;padding-bottom:2rem;font-size:.85rem;color:var(--muted)}
.colophon p{border-top:1px solid var(--line);padding-top:1rem;max-width:none}
@media (max-width:900px){figure.half{grid-column:1/-1}}
@media (max-width:520px){main,.colophon{padding-left:15px;padding-right:15px}figure{padding:14px 12px 10px;border-radius:8px}.tiles{grid-template-columns:repeat(2,minmax(0,1fr));gap:8px}.tile{padding:10px 11px}.tile .value{font-size:1.22rem}.tip{min-width:0;left:0;right:0}dl.facts{grid-template-columns:1fr}dl.facts dd{margin-bottom:.5rem}.controls label.wide,.controls label.wide input{width:100%}}
@media (prefers-reduced-motion:no-preference){.tip{transition:opacity .12s}}
@media print{body{font-size:10.5pt}main,.colophon{max-width:none;padding:0}.controls,nav.contents,.skip,.tip,.overview,figure details{display:none!important}.tiles{grid-template-columns:repeat(4,1fr)}h2{break-after:avoid}pre{max-height:none;white-space:pre-wrap}.scroll{overflow:visible;max-height:none!important}}
`;
