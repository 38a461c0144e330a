import { formatNumber, formatValue, type Result, type TimelineSpan } from '../../result/index.ts';
import type { ChartSpec, SpansView } from '../chart-spec.ts';
import { seriesRole } from '../palette.ts';
import { stageLabel } from '../stage-labels.ts';

const COMPUTE_TRACK = 'Compute';
const HOST_TRACK = 'Host';

/** One device through one step: its compute stream, the collectives that it takes part in, and its copies to and from the host. */
export function timeline(result: Result): ChartSpec {
  const { device, spans } = result.detail.timeline;
  return {
    id: 'timeline',
    title: `One step of device ${device}`,
    shows:
      'Every operation of the compute stream and every collective over the interconnect, in simulated time, coloured by part of the model. Gaps in the compute track are waiting or exposed communication. Narrow the window to read single operations.',
    width: 'full',
    choose: 'Device',
    views: [view(device, spans)],
  };
}

function view(device: number, spans: readonly TimelineSpan[]): SpansView {
  const tracks = assignTracks(spans);
  const groups = partsBySeconds(spans);
  return {
    kind: 'spans',
    label: `Device ${device}`,
    finding: finding(spans),
    table: {
      columns: [
        { label: 'Track', unit: '' },
        { label: 'Operation', unit: '' },
        { label: 'Part', unit: '' },
        { label: 'Stage', unit: '' },
        { label: 'Start', unit: 's' },
        { label: 'End', unit: 's' },
      ],
      rows: spans.map((span, i) => [
        tracks[i] ?? COMPUTE_TRACK,
        span.name,
        span.part,
        stageLabel(span.stage),
        span.startSeconds,
        span.endSeconds,
      ]),
    },
    track: 0,
    name: 1,
    group: 2,
    stage: 3,
    start: 4,
    end: 5,
    tracks: [...new Set([COMPUTE_TRACK, ...[...tracks].sort()])],
    groups: groups.map((name, i) => ({ name, role: seriesRole(i) })),
    unit: 's',
  };
}

/** Collectives that overlap in time get tracks of their own, so that no span hides another. */
function assignTracks(spans: readonly TimelineSpan[]): readonly string[] {
  const laneEnds: number[] = [];
  const order = spans.map((_, i) => i).sort((a, b) => (spans[a]?.startSeconds ?? 0) - (spans[b]?.startSeconds ?? 0) || a - b);
  const tracks: string[] = new Array(spans.length).fill(COMPUTE_TRACK);
  for (const i of order) {
    const span = spans[i];
    if (span === undefined || span.track === 'compute') continue;
    if (span.track === 'host') {
      // One at a time.
      tracks[i] = HOST_TRACK;
      continue;
    }
    const free = laneEnds.findIndex((end) => end <= span.startSeconds);
    const lane = free === -1 ? laneEnds.length : free;
    laneEnds[lane] = span.endSeconds;
    tracks[i] = lane === 0 ? 'Interconnect' : `Interconnect ${lane + 1}`;
  }
  return tracks;
}

function partsBySeconds(spans: readonly TimelineSpan[]): readonly string[] {
  const seconds = new Map<string, number>();
  for (const span of spans) seconds.set(span.part, (seconds.get(span.part) ?? 0) + span.endSeconds - span.startSeconds);
  return [...seconds].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([part]) => part);
}

function finding(spans: readonly TimelineSpan[]): string {
  const busy = (track: TimelineSpan['track']): number =>
    spans.filter((span) => span.track === track).reduce((sum, span) => sum + span.endSeconds - span.startSeconds, 0);
  const end = spans.reduce((latest, span) => Math.max(latest, span.endSeconds), 0);
  return `${formatNumber(spans.length)} spans up to ${formatValue(end, 's')}: ${formatValue(busy('compute'), 's')} of computation, ${formatValue(busy('ici'), 's')} inside collectives.`;
}
