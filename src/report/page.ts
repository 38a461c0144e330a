import { assert } from '../base/index.ts';
import type { CollectiveResult, Comparison, ExperimentResult, Result, TrainingResult } from '../result/index.ts';
import type { Article } from './article.ts';
import type { ChartSpec } from './chart-spec.ts';
import { chartsOf } from './charts/index.ts';
import { collectiveArticle } from './collective/article.ts';
import { comparisonArticle } from './comparison.ts';
import { experimentArticle } from './experiment/article.ts';
import { type Html, html, jsonForScript } from './html.ts';
import { analytic, published, verification } from './sections/evidence.ts';
import { figures } from './sections/figure.ts';
import { assumptions, provenance, scenarioAsResolved, warnings } from './sections/ground.ts';
import { headline } from './sections/headline.ts';
import { layout } from './sections/layout.ts';
import { section } from './sections/markup.ts';
import { routing } from './sections/routing.ts';
import { tiles } from './sections/tiles.ts';
import { styleSheet } from './style.ts';
import { trainingArticle } from './training/article.ts';

export interface PageInput {
  readonly results: readonly Result[];
  readonly comparison?: Comparison;
  readonly collectives?: readonly CollectiveResult[];
  readonly trainings?: readonly TrainingResult[];
  readonly experiments?: readonly ExperimentResult[];
  /** The bundled client, as one script without `</script`, and the hash that the content security policy allows. */
  readonly script: { readonly text: string; readonly sha256Base64: string };
}

/** What the page's script reads: one chart per figure, by the figure's key. */
export interface PageData {
  readonly figures: Readonly<Record<string, ChartSpec>>;
}

/** One self-contained page: no request leaves it, and nothing in it but the given script can run. */
export function renderPage(input: PageInput): string {
  assert(!/<\/script|<!--/i.test(input.script.text), 'the page script must not contain </script or <!--');
  assert(/^[A-Za-z0-9+/]{43}=$/.test(input.script.sha256Base64), 'the hash of the page script must be SHA-256 in base64');
  const articles = [
    ...(input.comparison === undefined ? [] : [comparisonArticle(input.comparison, 'c')]),
    ...input.results.map((result, i) => resultArticle(result, `r${i}`)),
    ...(input.collectives ?? []).map((result, i) => collectiveArticle(result, `w${i}`)),
    ...(input.trainings ?? []).map((result, i) => trainingArticle(result, `t${i}`)),
    ...(input.experiments ?? []).map((result, i) => experimentArticle(result, `e${i}`)),
  ];
  const data: PageData = { figures: Object.assign({}, ...articles.map((article) => article.figures)) };
  const policy = `default-src 'none'; script-src 'sha256-${input.script.sha256Base64}'; style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'`;
  const title = articles.map((article) => article.title).join(' · ');
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${{ html: policy }}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title === '' ? 'Switchyard' : `${title} – Switchyard`}</title>
<style>${{ html: styleSheet() }}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<main id="main">
<div id="faults" role="alert"></div>
${articles.length > 1 ? articleList(articles) : null}
${articles.map((article, i) => html`<article id="article-${i}">${article.body}</article>`)}
</main>
<footer class="colophon"><p>Written by Switchyard, a simulated TPU pod: routing and expert arithmetic are executed, time is modelled. This file needs no network.</p></footer>
<script type="application/json" id="page-data">${jsonForScript(data)}</script>
<script>${{ html: input.script.text }}</script>
</body>
</html>
`.html;
}

/** The page of one training run. */
export function renderTrainingPage(result: TrainingResult, script: PageInput['script']): string {
  return renderPage({ results: [], trainings: [result], script });
}

function articleList(articles: readonly Article[]): Html {
  return html`<nav class="contents" aria-label="Results on this page">${articles.map((article, i) => html`<a href="#article-${i}">${article.title}</a>`)}</nav>`;
}

function resultArticle(result: Result, key: string): Article {
  const charts = chartsOf(result);
  const keyed = charts.map((spec) => [`${key}-${spec.id}`, spec] as const);
  const publishedSection = published(result, key);
  const routingSection = routing(result, key);
  const layoutSection = layout(result, key);
  const contents: [string, string][] = [
    [`${key}-metrics`, 'Metrics'],
    ...(publishedSection === null ? [] : ([[`${key}-published`, 'Published']] as [string, string][])),
    [`${key}-charts`, 'Charts'],
    ...(layoutSection === null ? [] : ([[`${key}-layout`, 'Layout']] as [string, string][])),
    ...(routingSection === null ? [] : ([[`${key}-routing`, 'Routing']] as [string, string][])),
    [`${key}-analytic`, 'Closed form'],
    [`${key}-checks`, 'Checks'],
    [`${key}-assumptions`, 'Assumptions'],
    [`${key}-warnings`, result.warnings.length === 0 ? 'Warnings' : `Warnings (${result.warnings.length})`],
    [`${key}-provenance`, 'Provenance'],
    [`${key}-scenario`, 'Scenario'],
  ];
  const body = html`<header><p class="eyebrow"><b>Switchyard</b> · simulated TPU pod · ${result.scenario.name}</p>
${headline(result)}
<nav class="contents" aria-label="Contents">${contents.map(([id, label]) => html`<a href="#${id}">${label}</a>`)}</nav></header>
${section(`${key}-metrics`, 'Metrics', tiles(result, key))}
${publishedSection}
${section(`${key}-charts`, 'Charts', figures(keyed))}
${layoutSection}
${routingSection}
${analytic(result, key)}
${verification(result, key)}
${assumptions(result, key)}
${warnings(result.warnings, key)}
${provenance(result.provenance, result.fingerprint, [result.scenario.seed], key)}
${scenarioAsResolved(result.scenario, key)}`;
  return { title: result.scenario.name, body, figures: Object.fromEntries(keyed) };
}
