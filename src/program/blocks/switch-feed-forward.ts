import { switchFeedForwardWeights } from '../../model/index.ts';
import type { DispatchName } from '../../routing/index.ts';
import { acrossDevices, type Block, type CollectiveStep, largestTensors, type Step, type Tensor } from '../block.ts';
import type { LayerRows } from '../layer-rows.ts';
import type { Stage } from '../program.ts';
import type { Sizes } from '../sizes.ts';
import type { SwitchShape } from '../switch-shape.ts';
import type { Dispatch } from './dispatches/dispatch.ts';
import { DISPATCHES } from './dispatches/index.ts';
import { expertsBackward, expertsForward } from './experts.ts';
import { gatesBackward, gatesForward } from './gates.ts';
import { droplessNumbers, paddedNumbers, type SwitchNumbers } from './switch-numbers.ts';

/**
 * Switch feed-forward layer: router, dispatch, all-to-all, experts, all-to-all, combine. The way of dispatch (`dispatches/`) decides what is sent and
 * computed; under dropless dispatch devices do different work, and `layer` says which.
 */
export function switchFeedForwardBlock(sizes: Sizes, shape: SwitchShape, way: DispatchName, layer: LayerRows | null, name: string): Block {
  const dispatch: Dispatch = DISPATCHES[way];
  const devices = layer === null ? [paddedNumbers(sizes, shape)] : droplessNumbers(sizes, shape, layer);
  const [first] = devices;
  return {
    name,
    forward: acrossDevices(devices.map((n) => forwardSteps(dispatch, n))),
    backward: acrossDevices(devices.map((n) => backwardSteps(dispatch, n))),
    recomputable: true,
    input: { name: 'block inputs', bytes: first.a * first.T * first.d },
    encoderOutput: null,
    saved: largestTensors(devices.map((n) => savedTensors(dispatch, n))),
    workingForward: largestTensors(
      devices.map((n) => [{ name: 'all-to-all buffers', bytes: n.a * n.sent }, shuffled(n), ...dispatch.workingForward(n)]),
    ),
    workingBackward: largestTensors(
      devices.map((n) => [
        { name: 'expert gradients', bytes: n.a * (n.hidden + n.received + n.sent) },
        shuffled(n),
        ...dispatch.workingBackward(n),
      ]),
    ),
    weights: switchFeedForwardWeights(sizes.model),
  };
}

function forwardSteps(dispatch: Dispatch, n: SwitchNumbers): Step[] {
  return [
    ...shuffle(n, 'fw', 'all-to-all to shuffle'),
    ...gatesForward(n),
    ...dispatch.send(n),
    ...toExperts(n, 'fw'),
    ...dispatch.regroup(n, 'fw'),
    ...expertsForward(n),
    ...dispatch.regroup(n, 'fw'),
    ...fromExperts(n, 'fw'),
    ...dispatch.combine(n),
    ...shuffle(n, 'fw', 'all-to-all to unshuffle'),
  ];
}

function backwardSteps(dispatch: Dispatch, n: SwitchNumbers): Step[] {
  return [
    ...shuffle(n, 'agrad', 'all-to-all to shuffle'),
    ...dispatch.combineBackward(n),
    ...toExperts(n, 'agrad'),
    ...dispatch.regroup(n, 'agrad'),
    ...expertsBackward(n),
    ...dispatch.regroup(n, 'agrad'),
    ...fromExperts(n, 'agrad'),
    ...dispatch.sendBackward(n),
    ...gatesBackward(n, dispatch.weightGradients(n)),
    ...shuffle(n, 'agrad', 'all-to-all to unshuffle'),
  ];
}

function savedTensors(dispatch: Dispatch, n: SwitchNumbers): Tensor[] {
  return [
    { name: 'router probabilities', bytes: n.r * n.gate.products * n.T * n.E },
    dispatch.routes(n),
    { name: 'expert inputs', bytes: n.a * n.received },
    { name: 'expert hidden', bytes: n.a * n.hidden },
    { name: 'expert outputs', bytes: n.a * n.sent },
  ];
}

function toExperts({ exchange }: SwitchNumbers, stage: Stage): CollectiveStep[] {
  if (exchange === null) return [];
  return [allToAll(exchange.axis, exchange.bytes, exchange.toExperts, stage, 'all-to-all to experts')];
}

function fromExperts({ exchange }: SwitchNumbers, stage: Stage): CollectiveStep[] {
  if (exchange === null) return [];
  return [allToAll(exchange.axis, exchange.bytes, exchange.fromExperts, stage, 'all-to-all from experts')];
}

/** The tokens of every device are dealt out to all of them, so that groups are random samples; whatever their experts, all send the same. */
function shuffle(n: SwitchNumbers, stage: Stage, name: string): CollectiveStep[] {
  if (!n.gate.shuffles || n.exchange === null) return [];
  return [allToAll(n.exchange.axis, n.a * n.T * n.d, null, stage, name)];
}

function shuffled(n: SwitchNumbers): Tensor {
  return { name: 'shuffled tokens', bytes: n.gate.shuffles && n.exchange !== null ? n.a * n.T * n.d : 0 };
}

function allToAll(
  meshAxis: CollectiveStep['meshAxis'],
  bytes: number,
  traffic: Float64Array | null,
  stage: Stage,
  name: string,
): CollectiveStep {
  return { kind: 'collective', name, part: 'all-to-all', stage, collective: 'all-to-all', meshAxis, bytes, traffic };
}
