import type { Seconds } from '../base/index.ts';
import { axisSize } from '../layout/index.ts';
import { backward, forward, type StepTime, type StepTimeInput } from './chain-time.ts';
import { createLane, type Lane, type Waits } from './lane.ts';
import type { PipelineOrder } from './pipeline-order.ts';

/**
 * Every pass of every stage on the clock of its stage, in the order of the schedule. What goes on beside the passes (copies to and from the host) also goes
 * on while a stage waits for another one, and passes of either direction meet what those before them left; so no pass takes what another one like it takes.
 */
export function walkPipeline(
  { chains, layout, hostBytesPerSecond, sendSeconds, tiedSeconds }: StepTimeInput,
  order: PipelineOrder,
): StepTime {
  const stages = axisSize(layout, 'pipeline');
  const learns = chains.some(({ cost }) => cost.learns);
  const lanes: Lane[] = [];
  for (let stage = 0; stage < stages; stage++) lanes.push(createLane(layout, hostBytesPerSecond));
  const ends = new Float64Array(order.count);
  const left = new Int32Array(sendSeconds.length).fill(layout.microbatches);
  for (let i = 0; i < order.count; i++) {
    const run = order.run[i];
    const back = order.backward[i] === 1;
    const before = order.after[i];
    const lane = lanes[order.stage[i]];
    if (before >= 0) lane.begin(ends[before] + (order.sent[i] === 1 ? sendSeconds[run - (back ? 0 : 1)] : 0));
    if (back) {
      left[run]--;
      for (const chain of chains) if (chain.cost.learns) backward(lane, chain, run, left[run] === 0);
    } else for (const chain of chains) forward(lane, chain, run);
    // The stage before does not wait for what this one reduces.
    ends[i] = lane.now();
    if (back) lane.endOfPass();
  }
  return lastOf(lanes, learns, tiedSeconds);
}

/** Both ends of a pipeline add up the gradients of a matrix that they share; then every stage updates. */
function lastOf(lanes: readonly Lane[], learns: boolean, tiedSeconds: Seconds): StepTime {
  const [first] = lanes;
  const last = lanes[lanes.length - 1];
  const summed = tiedSeconds > 0 ? Math.max(first.now(), last.now()) + tiedSeconds : 0;
  let stage = 0;
  let stepSeconds = -1;
  const waits: Waits[] = [];
  for (let one = 0; one < lanes.length; one++) {
    const lane = lanes[one];
    const isTied = summed > 0 && (lane === first || lane === last);
    const end = learns ? lane.update(isTied ? { at: summed, isFirst: lane === last } : null) : lane.now();
    waits.push(lane.waits());
    if (end <= stepSeconds) continue;
    stage = one;
    stepSeconds = end;
  }
  return { stepSeconds, waits: waits[stage], stage };
}
