import type { DispatchName } from '../../routing/index.ts';
import type { LayerRows } from '../layer-rows.ts';
import type { Stage } from '../program.ts';
import { compute, type Step, type Tensor } from '../unit.ts';
import type { Dispatch } from './dispatches/dispatch.ts';
import { DISPATCHES } from './dispatches/index.ts';
import type { ExpertBody, ExpertPlaces } from './experts.ts';
import { gatesBackward, gatesForward, gateTensors } from './gates.ts';
import { collective, tensor } from './sub-layer.ts';
import { droplessNumbers, paddedNumbers, type SwitchInput, type SwitchNumbers, type Travel } from './switch-numbers.ts';

/**
 * Router, dispatch, all-to-all, experts, all-to-all, combine, whatever the experts compute. The way of dispatch (`dispatches/`) decides what is sent and
 * computed; under dropless dispatch devices do different work, and `rows` says which.
 */
export interface SwitchParts {
  readonly forward: readonly Step[];
  readonly backward: readonly Step[];
  readonly tensors: readonly Tensor[];
}

export interface SwitchChoice {
  readonly way: DispatchName;
  readonly body: ExpertBody;
  /** Weight group of router and experts. */
  readonly group: string;
  /** Null unless dropless. */
  readonly rows: LayerRows | null;
  /** [devices]: place of each along the group of the experts. */
  readonly placeOf: () => Uint32Array;
  /** A gradient of the layer's input that is added to that of the router. */
  readonly joined: readonly string[];
}

export function switchParts(input: SwitchInput, choice: SwitchChoice): SwitchParts {
  const byPlace = choice.rows === null ? [paddedNumbers(input)] : droplessNumbers(input, choice.rows);
  const learns = input.sizes.learns;
  if (byPlace.length === 1) {
    const [n] = byPlace;
    return { forward: forwardSteps(choice, n), backward: learns ? backwardSteps(choice, n) : [], tensors: tensorsOf(choice, n) };
  }
  const places = choice.placeOf();
  return {
    forward: acrossDevices(
      byPlace.map((n) => forwardSteps(choice, n)),
      places,
    ),
    backward: learns
      ? acrossDevices(
          byPlace.map((n) => backwardSteps(choice, n)),
          places,
        )
      : [],
    tensors: largestTensors(byPlace.map((n) => tensorsOf(choice, n))),
  };
}

/**
 * The same operations, written down for each place, as steps that know what every device does. A collective has one size for all: the groups that sum what experts made have
 * different rows, and each of them is priced by the mean of all, so that together they send what they really do.
 */
function acrossDevices(steps: readonly (readonly Step[])[], places: Uint32Array): Step[] {
  return steps[0].map((first, row) => {
    if (first.kind === 'collective') {
      const sizes = steps.map((own) => (own[row].kind === 'collective' ? own[row].bytes : 0));
      if (sizes.every((bytes) => bytes === first.bytes)) return first;
      return { ...first, bytes: places.reduce((sum, place) => sum + sizes[place], 0) / places.length };
    }
    const works = steps.flatMap((own) => (own[row].kind === 'compute' ? own[row].works : []));
    return { ...first, works: Array.from(places, (place) => works[place]) };
  });
}

/** An SPMD program has one size for a buffer, enough for the device that needs most. */
function largestTensors(tensors: readonly (readonly Tensor[])[]): Tensor[] {
  return tensors[0].map((first, row) => ({ ...first, bytes: tensors.reduce((most, own) => Math.max(most, own[row].bytes), 0) }));
}

/** What rows are called on their way: the last tensor before the experts is what they read, the last one after is what the combination reads. */
interface Way {
  readonly sent: string;
  readonly arrived: string;
  readonly places: ExpertPlaces;
  readonly returned: string;
  readonly dArrived: string;
  readonly dReturned: string;
}

function wayOf(n: SwitchNumbers, dispatch: Dispatch): Way {
  const names = n.names;
  const travels = n.exchange !== null;
  const regroups = dispatch.regroups(n);
  const results = travels ? names.results : names.outputs;
  const dResults = travels ? names.dResults : names.dOutputs;
  return {
    sent: travels ? names.sent : names.inputs,
    arrived: regroups ? names.arrived : names.inputs,
    places: {
      inputs: names.inputs,
      results,
      dResults,
      dInputs: travels ? names.dInputs : names.dSent,
      segment: travels ? n.place.segment + 3 : 0,
    },
    returned: regroups ? names.returned : results,
    dArrived: regroups ? `d ${names.returned}` : dResults,
    dReturned: regroups ? `d ${names.arrived}` : travels ? names.dInputs : names.dSent,
  };
}

function forwardSteps({ way, body, group }: SwitchChoice, n: SwitchNumbers): Step[] {
  const dispatch: Dispatch = DISPATCHES[way];
  const names = n.names;
  const rows = wayOf(n, dispatch);
  return [
    ...shuffle(n, 'fw', 'all-to-all to shuffle', n.place.wholeX, names.x),
    ...gatesForward(n, dispatch, group),
    ...dispatch.send(n, rows.sent),
    ...exchange(n, 'fw', 'to experts', rows.sent, rows.arrived, n.exchange?.inputs),
    ...regroup(n, dispatch, 'fw', rows.arrived, rows.places.inputs, n.d),
    ...body.forward(n, rows.places, group),
    ...regroup(n, dispatch, 'fw', rows.places.results, rows.returned, n.o),
    ...exchange(n, 'fw', 'from experts', rows.returned, names.outputs, n.exchange?.outputs),
    ...dispatch.combine(n),
    ...shuffle(n, 'fw', 'all-to-all to unshuffle', n.names.combined, n.place.y),
  ];
}

function backwardSteps({ way, body, group, joined }: SwitchChoice, n: SwitchNumbers): Step[] {
  const dispatch: Dispatch = DISPATCHES[way];
  const names = n.names;
  const rows = wayOf(n, dispatch);
  const shuffles = names.x !== n.place.wholeX;
  const dx = shuffles ? `d ${names.x}` : n.place.dx;
  return [
    ...shuffle(n, 'agrad', 'all-to-all to shuffle', n.place.wholeDy, names.dy),
    ...dispatch.combineBackward(n, names.dOutputs),
    ...exchange(n, 'agrad', 'to experts', names.dOutputs, rows.dArrived, n.exchange?.outputs),
    ...regroup(n, dispatch, 'agrad', rows.dArrived, rows.places.dResults, n.o),
    ...body.backward(n, rows.places, group),
    ...regroup(n, dispatch, 'agrad', rows.places.dInputs, rows.dReturned, n.d),
    ...exchange(n, 'agrad', 'from experts', rows.dReturned, names.dSent, n.exchange?.inputs),
    ...dispatch.sendBackward(n),
    ...gatesBackward(n, dispatch, group, dx, joined),
    ...shuffle(n, 'agrad', 'all-to-all to unshuffle', dx, n.place.dx),
  ];
}

function tensorsOf({ way, body }: SwitchChoice, n: SwitchNumbers): Tensor[] {
  const dispatch: Dispatch = DISPATCHES[way];
  const names = n.names;
  const rows = wayOf(n, dispatch);
  const travels = n.exchange !== null;
  const regroups = dispatch.regroups(n);
  const { a, d, o, sentRows, sizes } = n;
  const buffer = 'all-to-all buffers';
  const gradient = 'expert gradients';
  const backward = [
    tensor(names.dSent, gradient, a * sentRows * d),
    tensor(names.dOutputs, gradient, a * sentRows * o),
    ...(travels ? [tensor(names.dResults, gradient, a * n.rows * o), tensor(names.dInputs, gradient, a * n.rows * d)] : []),
    ...(regroups
      ? [tensor(rows.dArrived, 'regrouped rows', a * n.rows * o), tensor(rows.dReturned, 'regrouped rows', a * n.rows * d)]
      : []),
  ];
  return [
    ...gateTensors(n),
    ...dispatch.tensors(n),
    ...body.tensors(n, rows.places),
    tensor(names.inputs, 'expert inputs', a * n.rows * d),
    tensor(names.outputs, 'expert outputs', a * sentRows * o, 'moe_mlpwo'),
    ...(travels ? [tensor(names.sent, buffer, a * sentRows * d), tensor(names.results, buffer, a * n.rows * o)] : []),
    ...(regroups
      ? [tensor(names.arrived, 'regrouped rows', a * n.rows * d), tensor(names.returned, 'regrouped rows', a * n.rows * o)]
      : []),
    ...shuffledTensors(n),
    ...(sizes.learns ? backward : []),
  ];
}

function shuffledTensors(n: SwitchNumbers): Tensor[] {
  const names = n.names;
  if (names.x === n.place.wholeX) return [];
  const all = [names.x, n.names.combined, ...(n.sizes.learns ? [names.dy, `d ${names.x}`] : [])];
  return all.map((name) => tensor(name, 'shuffled tokens', n.a * n.T * n.d));
}

function exchange(n: SwitchNumbers, stage: Stage, where: 'to experts' | 'from experts', from: string, to: string, travel?: Travel): Step[] {
  if (n.exchange === null || travel === undefined) return [];
  return [
    collective(stage, `${n.name}: all-to-all ${where}`, {
      part: 'all-to-all',
      collective: 'all-to-all',
      group: n.exchange.group,
      bytes: travel.bytes,
      traffic: where === 'to experts' ? travel.toExperts : travel.fromExperts,
      reads: [from],
      makes: [to],
      segment: n.place.segment + 3,
    }),
  ];
}

/** Rows in the order of their experts, and back. */
function regroup(n: SwitchNumbers, dispatch: Dispatch, stage: Stage, from: string, to: string, columns: number): Step[] {
  if (!dispatch.regroups(n)) return [];
  const work = { hbmBytes: 2 * n.a * n.rows * columns + INDEX_BYTES * n.rows };
  return [compute(stage, 'dispatch', `${n.name}: regroup`, { work, reads: [from], makes: [to], segment: n.place.segment + 3 })];
}

const INDEX_BYTES = 4;

/** The tokens of every device are dealt out to all of them, so that groups are random samples; whatever their experts, all send the same. */
function shuffle(n: SwitchNumbers, stage: Stage, name: string, from: string, to: string): Step[] {
  if (!n.gate.shuffles || n.exchange === null) return [];
  const { group } = n.exchange;
  const bytes = n.a * n.T * n.d;
  return [
    collective(stage, `${n.name}: ${name}`, { part: 'all-to-all', collective: 'all-to-all', group, bytes, reads: [from], makes: [to] }),
  ];
}
