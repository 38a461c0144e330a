import { InputError, type Issue, unknownKey } from '../base/index.ts';
import { COLLECTIVES, type CollectiveKind, ROUTINGS } from '../collectives/index.ts';
import type { Topology, TopologySpec } from '../hardware/index.ts';
import {
  parseBandwidth,
  parseBytes,
  parseDuration,
  type Quantity,
  type ResolvedWires,
  readTrafficCsv,
  resolveWires,
} from '../intake/index.ts';
import { MODELS, type NetworkKind } from '../network/index.ts';
import { AXIS_LETTERS, type CollectiveInput, checkCollective, groupSize } from '../study/index.ts';
import { parseBrokenLink, parseSlowLink } from './link-option.ts';

/** As written on the command line. */
export interface CollectiveOptions {
  readonly topology?: string;
  readonly op?: string;
  readonly bytes?: string;
  readonly network: string;
  readonly twisted?: boolean;
  readonly wrap?: 'open' | 'closed';
  readonly slices?: string;
  readonly routing?: string;
  readonly traffic?: string;
  readonly axes?: string;
  readonly root?: string;
  readonly shift?: string;
  readonly linkBandwidth?: string;
  readonly hopLatency?: string;
  readonly chunk: string;
  readonly breakLink?: readonly string[];
  readonly slowLink?: readonly string[];
  readonly out?: string;
  readonly page: boolean;
}

/** Takes a value, or keeps what is wrong with it; undefined stays undefined. */
type Take = <Value>(read: { readonly value?: Value; readonly issue?: Issue } | undefined) => Value | undefined;

/** What is asked for. Throws InputError with everything that is wrong with the options, not the first of it. */
export function collectiveInput(options: CollectiveOptions): CollectiveInput {
  const issues: Issue[] = [];
  const take: Take = (read) => {
    if (read?.issue !== undefined) issues.push(read.issue);
    return read?.value;
  };
  const op = take(named('--op', options.op, Object.keys(COLLECTIVES) as CollectiveKind[], 'E_COLLECTIVE_UNKNOWN', 'all-reduce'));
  const network = take(named('--network', options.network, Object.keys(MODELS) as NetworkKind[], 'E_NETWORK_UNKNOWN', 'fluid'));
  const routing = options.routing === undefined ? undefined : take(named('--routing', options.routing, ROUTINGS, 'E_ROUTING', 'balanced'));
  const bytes = take(quantity(options.bytes, '--bytes', parseBytes));
  const chunkBytes = take(quantity(options.chunk, '--chunk', parseBytes));
  const root = take(whole(options.root, '--root'));
  const shift = take(whole(options.shift, '--shift'));
  const wires = resolvedWires(options, take, issues);
  if (wires === null) throw new InputError(issues);
  const axes = options.axes === undefined ? null : parseAxes(options.axes);
  const asWritten = (issue: Issue): Issue => (issue.path === '--axes' ? { ...issue, value: JSON.stringify(options.axes) } : issue);
  const traffic = options.traffic === undefined ? null : readTraffic(options.traffic, wires.topology, axes, issues);
  const input = {
    // Where a name is wrong, another stands in so that the rest is looked at too; nothing runs then.
    op: op ?? 'all-to-all',
    network: network ?? 'fluid',
    topology: wires.topology,
    speedsOf: wires.speedsOf,
    bytes: bytes ?? null,
    traffic,
    routing: routing ?? null,
    axes,
    root: root ?? null,
    shift: shift ?? null,
    chunkBytes: chunkBytes ?? 1,
    slowLinks: wires.spec.slowLinks ?? [],
  };
  // Without the operation nobody knows what fits; a size or a file that cannot be read is missing for that reason alone.
  const read = (path: string) => !issues.some((issue) => issue.path === path);
  if (op !== undefined) {
    const known = { ...input, bytes: read('--bytes') ? input.bytes : 1 };
    issues.push(...checkCollective(options.traffic === undefined || traffic !== null ? known : { ...known, bytes: 1 }).map(asWritten));
  }
  if (issues.length > 0) throw new InputError(issues);
  return input;
}

function named<Name extends string>(
  path: string,
  text: string | undefined,
  known: readonly Name[],
  code: string,
  example: string,
): { readonly value: Name } | { readonly issue: Issue } {
  if (text === undefined) return { issue: missing(path, `write ${path} ${example}, for example`) };
  const value = known.find((name) => name === text);
  return value === undefined ? { issue: unknownKey(code, path, text, known) } : { value };
}

function quantity<Value extends number>(text: string | undefined, path: string, parse: (text: string, path: string) => Quantity<Value>) {
  return text === undefined ? undefined : parse(text, path);
}

function whole(text: string | undefined, path: string): { readonly value: number } | { readonly issue: Issue } | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return { value: Number(text) };
  return {
    issue: {
      code: 'E_USAGE',
      path,
      value: JSON.stringify(text),
      rule: 'must be a whole number of at least 0',
      remedy: `write ${path} 1, for example`,
    },
  };
}

function parseAxes(text: string): number[] {
  return text.split(text.includes(',') ? ',' : '').map((letter) => AXIS_LETTERS.indexOf(letter.trim().toLowerCase()));
}

/** The wires with every option about them; null when they cannot be had. */
function resolvedWires(options: CollectiveOptions, take: Take, issues: Issue[]): ResolvedWires | null {
  const linkBytesPerSecond = take(quantity(options.linkBandwidth, '--link-bandwidth', parseBandwidth));
  const hopLatencySeconds = take(quantity(options.hopLatency, '--hop-latency', parseDuration));
  const slices = take(whole(options.slices, '--slices'));
  const { topology: name, twisted, wrap } = options;
  const named = Number(/\*(\d{1,9})$/.exec(name?.trim() ?? '')?.[1] ?? slices);
  if (slices !== undefined && named !== slices) issues.push(twoCounts(name ?? '', slices, named));
  if (name === undefined) {
    issues.push(missing('--topology', 'write --topology tpu-v4:4x4x4, for example'));
    return null;
  }
  const asked = { linkBytesPerSecond, hopLatencySeconds, slices, twisted, wrap };
  try {
    const whole = resolveWires(name, asked, '--topology');
    const links = namedLinks(options, whole.topology, issues);
    return links === null ? whole : resolveWires(name, { ...asked, ...links }, '--topology');
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    issues.push(...error.issues.map((issue) => ({ ...issue, path: optionOf(issue.path, options) })));
    return null;
  }
}

function twoCounts(name: string, slices: number, named: number): Issue {
  const rule = `${name} says ${named} slices`;
  return { code: 'E_OPTION_FIT', path: '--slices', value: String(slices), rule, remedy: 'say the number of slices once' };
}

/** The option that says what a key of `topology` says in a scenario; a name can say all of them. */
function optionOf(path: string, { twisted, slices }: CollectiveOptions): string {
  if (path === '--topology.twisted' && twisted === true) return '--twisted';
  if (path === '--topology.slices' && slices !== undefined) return '--slices';
  if (path.startsWith('--topology.brokenLinks')) return '--break-link';
  if (path.startsWith('--topology.slowLinks')) return '--slow-link';
  return path.replace(/^--topology\..*$/, '--topology');
}

function namedLinks(
  { breakLink = [], slowLink = [] }: CollectiveOptions,
  { shape }: Topology,
  issues: Issue[],
): Pick<TopologySpec, 'brokenLinks' | 'slowLinks'> | null {
  const kept = (texts: readonly string[], parse: typeof parseBrokenLink) =>
    texts.flatMap((text) => {
      const { issue, ...link } = parse(text, shape);
      if (issue === undefined) return [link as { readonly between: readonly [number, number]; readonly factor: number }];
      issues.push(issue);
      return [];
    });
  const broken = kept(breakLink, parseBrokenLink);
  const slowLinks = kept(slowLink, parseSlowLink);
  return broken.length + slowLinks.length === 0 ? null : { brokenLinks: broken.map(({ between }) => between), slowLinks };
}

/** Null when there is none that can be read. */
function readTraffic(file: string, topology: Topology, axes: readonly number[] | null, issues: Issue[]): Float64Array | null {
  const isWrong = axes?.some((axis) => axis < 0 || axis >= topology.shape.length) ?? false;
  if (isWrong) return null;
  const read = readTrafficCsv(file, groupSize(topology, axes), '--traffic');
  issues.push(...(read.issues ?? []));
  return read.traffic ?? null;
}

function missing(path: string, remedy: string): Issue {
  return { code: 'E_USAGE', path, value: 'missing', rule: 'must be given', remedy };
}
