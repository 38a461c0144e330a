import { addNumbers, emptyFingerprint, fingerprintText, InputError } from '../../base/index.ts';
import {
  COLLECTIVES,
  type Collective,
  type CollectiveKind,
  type CollectiveRequest,
  type GroupPlan,
  membersBySlice,
  planSeconds,
  possibleRoutings,
  type Routing,
  routingOf,
} from '../../collectives/index.ts';
import { isTwisted, type Topology } from '../../hardware/index.ts';
import { MODELS } from '../../network/index.ts';
import { COLLECTIVE_SCHEMA, type CollectiveResult, type CollectiveWires, resultFingerprint } from '../../result/index.ts';
import { AXIS_LETTERS, collectiveGroups } from './groups.ts';
import { hopSchedules } from './hop-schedules.ts';
import { busiestOf, linkUses, missingLinks, useByKind, utilisationOf } from './link-use.ts';
import { collectiveAssumptions, collectiveSources } from './notes.ts';
import { type CollectiveInput, checkCollective, ROOTED, ROUTED, SHIFTED } from './request.ts';
import { measureTraffic, type SentTraffic } from './traffic.ts';

/** Picoseconds are exact up to here. */
const LONGEST_SECONDS = 9000;

/** One collective on idle wires by one network model: how long, against what bound, and what every link carried. Throws InputError. */
export function runCollective(
  input: CollectiveInput,
  provenance: CollectiveResult['provenance'],
  onEvents?: (events: number) => void,
): Omit<CollectiveResult, 'wallSeconds'> {
  const wrong = checkCollective(input);
  if (wrong.length > 0) throw new InputError(wrong);
  const { topology, network, op } = input;
  const collective: Collective = COLLECTIVES[op];
  const groups = collectiveGroups(topology, input.axes);
  const sent = measureTraffic(input, groups[0].length);
  const asked = groups.map((devices) => requestOf(input, sent, devices));
  // One routing for all groups, which each of them can have: a broken link may lie between the members of one alone.
  const routing = ROUTED.includes(op) ? routingOf(asked[0], partsOf(asked)) : null;
  const requests = routing === null ? asked : asked.map((request) => ({ ...request, routing }));
  const plans = requests.map((request) => collective.plan(request));
  refuseLongTimes(plans, topology);
  const schedules = network === 'hop' ? hopSchedules(collective, requests, input.chunkBytes, onEvents) : null;
  const jobs = plans.map((plan, job) => ({ plan, schedule: () => schedules?.[job] ?? collective.schedule(requests[job]) }));
  const run = MODELS[network].run(topology, jobs, { chunkBytes: input.chunkBytes });
  const uses = linkUses(topology, run.linkBytes, run.seconds);
  const { devices } = requests[0];
  const body = {
    schema: COLLECTIVE_SCHEMA,
    op,
    topology: topology.name,
    network,
    routing,
    wires: wiresOf(topology),
    groups: groups.length,
    members: devices.length,
    axes: input.axes?.map((axis) => AXIS_LETTERS[axis]).join('') ?? null,
    root: ROOTED.includes(op) ? (input.root ?? 0) : null,
    shift: SHIFTED.includes(op) ? (input.shift ?? 1) : null,
    chunkBytes: network === 'hop' ? input.chunkBytes : null,
    bytesPerDevice: sent.bytesPerDevice,
    traffic: sent.note,
    seconds: run.seconds,
    latencySeconds: plans.reduce((most, plan) => Math.max(most, latencyOf(plan)), 0),
    lowerBoundSeconds: distinct(requests, topology).reduce((most, request) => Math.max(most, collective.lowerBoundSeconds(request)), 0),
    ...bandwidths(collective, sent, devices.length, run.seconds),
    linkUtilisation: utilisationOf(uses),
    linkKinds: useByKind(uses),
    routings: routing === null ? [] : routingTimes(op, distinct(requests, topology), plans, routing),
    busiestLink: busiestOf(uses),
    links: { count: uses.length, rows: uses },
    brokenLinks: missingLinks(topology),
    slowLinks: input.slowLinks,
    events: run.events,
    assumptions: collectiveAssumptions(input, routing, groups.length),
    sources: collectiveSources(input),
    warnings: [],
  } as const;
  // The rows of a pod are text of megabytes; their bytes tell as much.
  const fingerprint = resultFingerprint({ ...body, links: uses.length }, [fingerprintOf(run.linkBytes)]);
  return { ...body, fingerprint, provenance };
}

function requestOf({ topology, routing, root, shift }: CollectiveInput, sent: SentTraffic, devices: Uint32Array): CollectiveRequest {
  const members = devices.length;
  const request = { topology, devices, bytes: sent.bytesPerDevice };
  return {
    ...request,
    ...(sent.matrix === null ? {} : { traffic: sent.matrix }),
    ...(routing === null ? {} : { routing }),
    ...(root === null ? {} : { root }),
    ...(shift === null ? {} : { targets: Uint32Array.from({ length: members }, (_, member) => (member + shift) % members) }),
  };
}

/** Groups of equal wires cost the same; one stands for all. */
function distinct(requests: readonly CollectiveRequest[], { uniform }: Topology): readonly CollectiveRequest[] {
  return uniform ? requests.slice(0, 1) : requests;
}

/** The request under every routing, each group alone on idle wires; `plans` are those of the chosen one. */
function routingTimes(op: CollectiveKind, requests: readonly CollectiveRequest[], plans: readonly GroupPlan[], chosen: Routing) {
  const [{ topology }] = requests;
  return possibleRoutings(partsOf(requests)).map((routing) => {
    const planOf = (i: number) => (routing === chosen ? plans[i] : COLLECTIVES[op].plan({ ...requests[i], routing }));
    return { routing, seconds: requests.reduce((most, _, i) => Math.max(most, planSeconds(planOf(i), topology)), 0) };
  });
}

function partsOf(requests: readonly CollectiveRequest[]) {
  return requests.flatMap(({ topology, devices }) => membersBySlice(topology, devices));
}

function bandwidths(collective: Collective, { bytesPerDevice, note }: SentTraffic, members: number, seconds: number) {
  if (seconds === 0) return { algorithmBytesPerSecond: null, busBytesPerSecond: null };
  const algorithmBytesPerSecond = bytesPerDevice / seconds;
  // Of a matrix the factor is what it sends: for equal entries that is the factor of nccl-tests.
  const busBytesPerSecond = note === null ? algorithmBytesPerSecond * collective.busFactor(members) : note.totalBytes / members / seconds;
  return { algorithmBytesPerSecond, busBytesPerSecond };
}

function fingerprintOf(linkBytes: Float64Array): string {
  const print = emptyFingerprint();
  addNumbers(print, linkBytes);
  return fingerprintText(print);
}

function latencyOf(plan: GroupPlan): number {
  return plan.phases.reduce((sum, phase) => sum + phase.latencySeconds, 0);
}

function refuseLongTimes(plans: readonly GroupPlan[], topology: Topology): void {
  const seconds = plans.reduce((sum, plan) => sum + planSeconds(plan, topology), 0);
  if (seconds <= LONGEST_SECONDS) return;
  const rule = `simulated times are exact up to ${LONGEST_SECONDS} s`;
  throw new InputError([
    { code: 'E_RANGE', path: '--bytes', value: `${Math.round(seconds)} s`, rule, remedy: 'send fewer bytes, or over faster links' },
  ]);
}

function wiresOf(topology: Topology): CollectiveWires {
  const { shape, wrap, slices, chips, devicesPerChip, devices, hopLatencySeconds, links } = topology;
  // Broken and slow wires are few: the fastest link is what the file or the option says.
  const linkBytesPerSecond = links.bytesPerSecond.reduce((most, rate, row) => (links.kind[row] === 0 ? Math.max(most, rate) : most), 0);
  return {
    chip: topology.chipName === 'none' ? null : topology.chipName,
    shape,
    wrap,
    twisted: isTwisted(topology),
    slices,
    chips,
    devicesPerChip,
    devices,
    hosts: topology.hosts?.count ?? 0,
    linkBytesPerSecond,
    hopLatencySeconds,
  };
}
