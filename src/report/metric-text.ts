import { formatValue, METRICS, type Metric, type MetricName } from '../result/index.ts';

export function metricOf(metrics: readonly Metric[], name: MetricName): Metric | undefined {
  return metrics.find((metric) => metric.name === name);
}

/** The metric's title as a heading. */
export function metricTitle(name: MetricName): string {
  const { title } = METRICS[name];
  return title.charAt(0).toUpperCase() + title.slice(1).replace('10^9', '10⁹');
}

export function formatMetric(metric: Pick<Metric, 'name' | 'value' | 'unit'>): string {
  return formatValue(metric.value, metric.unit);
}
