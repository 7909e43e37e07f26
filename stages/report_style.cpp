#include "stages/report_style.h"

namespace realface::stages::html {

// Hues are told apart by people who see no red or no green; each has the same contrast on its own background.
const char* const kStyle = R"css(
:root { color-scheme: light dark;
  --page: #faf9f7; --card: #ffffff; --ink: #1c222b; --soft: #5b6472; --line: #e2dfd9;
  --model: #2563c9; --real: #2563c9; --fake: #c8601a; --guess: #8b93a0; --mark: #8a4fbf;
  --s0: #c8601a; --s1: #d8a13a; --s2: #2563c9; --s3: #5e93e6; --s4: #8a4fbf; --s5: #2c8f7b; --s6: #8b93a0; --s7: #c7ccd4; }
@media (prefers-color-scheme: dark) { :root {
  --page: #14171b; --card: #1c2026; --ink: #e7e9ec; --soft: #a0a8b4; --line: #323842;
  --model: #6fa3f5; --real: #6fa3f5; --fake: #f0965a; --guess: #7d8694; --mark: #bb8ef0;
  --s0: #f0965a; --s1: #dcb564; --s2: #6fa3f5; --s3: #a4c5fa; --s4: #bb8ef0; --s5: #5fc4ae; --s6: #7d8694; --s7: #4d5561; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 860px; margin: 0 auto; padding: 40px 20px 64px; }
h1 { font-size: 30px; line-height: 1.2; margin: 0 0 8px; letter-spacing: -0.01em; }
h2 { font-size: 21px; margin: 0 0 8px; letter-spacing: -0.005em; }
h3 { font-size: 16px; margin: 24px 0 8px; }
p { margin: 0 0 12px; max-width: 46em; }
.lead { font-size: 18px; color: var(--soft); margin-bottom: 24px; }
.soft, .caption { color: var(--soft); }
.caption { font-size: 14px; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 24px; margin: 20px 0; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(152px, 1fr)); gap: 12px; margin: 0; padding: 0; list-style: none; }
.tiles li { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 14px 16px; }
.tiles .value { display: block; font-size: 25px; font-weight: 650; line-height: 1.25; font-variant-numeric: tabular-nums; }
.tiles .what { display: block; font-size: 14px; }
.tiles .hint { display: block; font-size: 13px; color: var(--soft); line-height: 1.4; margin-top: 4px; }
.missing { border-left: 3px solid var(--mark); padding: 2px 0 2px 12px; color: var(--soft); }
.warning { border-left: 3px solid var(--fake); padding: 2px 0 2px 12px; }
.faces { display: grid; grid-template-columns: repeat(auto-fill, minmax(280px, 1fr)); gap: 18px; margin: 12px 0; }
.face { margin: 0; }
.face .row { display: grid; grid-template-columns: repeat(3, 1fr); gap: 6px; }
.face img { width: 100%; border-radius: 6px; display: block; background: var(--line); }
.face .row span { font-size: 12px; color: var(--soft); display: block; text-align: center; margin-top: 2px; }
.face figcaption { font-size: 13px; margin-top: 4px; color: var(--soft); overflow-wrap: anywhere; }
.chart { width: 100%; height: auto; display: block; margin: 12px 0 4px; overflow: visible; font: 12px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
.scroll .chart { min-width: 540px; overflow: hidden; }
.chart text { fill: var(--soft); } .chart .name, .chart .value { fill: var(--ink); font-size: 13px; }
.chart .end { text-anchor: end; } .chart .middle { text-anchor: middle; }
.chart .grid { stroke: var(--line); stroke-width: 1; } .chart .axis { stroke: var(--soft); stroke-width: 1; }
.chart .line { fill: none; stroke: var(--model); stroke-linejoin: round; stroke-linecap: round; }
.chart .strong { stroke-width: 2.2; } .chart .faint { stroke-width: 1; opacity: 0.35; }
.chart .marker { stroke: var(--mark); stroke-width: 1.3; stroke-dasharray: 4 3; } .chart .note { fill: var(--mark); }
.chart .bar.real, .chart .bar.model { fill: var(--real); } .chart .bar.fake { fill: var(--fake); } .chart .bar.guess { fill: var(--guess); }
.chart .whisker { stroke: var(--ink); stroke-width: 1.4; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; list-style: none; padding: 0; margin: 8px 0 0; font-size: 14px; }
.legend li::before { content: ""; display: inline-block; width: 10px; height: 10px; border-radius: 2px; margin-right: 6px; background: currentColor; }
.legend li { color: var(--ink); }
.chart .share0 { fill: var(--s0); } .chart .share1 { fill: var(--s1); } .chart .share2 { fill: var(--s2); } .chart .share3 { fill: var(--s3); }
.chart .share4 { fill: var(--s4); } .chart .share5 { fill: var(--s5); } .chart .share6 { fill: var(--s6); } .chart .share7 { fill: var(--s7); }
.legend .share0::before { background: var(--s0); } .legend .share1::before { background: var(--s1); }
.legend .share2::before { background: var(--s2); } .legend .share3::before { background: var(--s3); }
.legend .share4::before { background: var(--s4); } .legend .share5::before { background: var(--s5); }
.legend .share6::before { background: var(--s6); } .legend .share7::before { background: var(--s7); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 14px; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 6px 10px 6px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td.wide { overflow-wrap: anywhere; } td.figure, th.figure { text-align: right; padding-right: 14px; }
th { font-weight: 600; color: var(--soft); }
details { margin-top: 16px; } summary { cursor: pointer; color: var(--soft); }
pre { overflow-x: auto; font-size: 13px; line-height: 1.45; background: var(--page); border: 1px solid var(--line); border-radius: 8px; padding: 12px; }
@media print { section { break-inside: avoid; } }
)css";

}  // namespace realface::stages::html
