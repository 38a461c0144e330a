import { assert } from '../base/index.ts';
import { PIPELINES, type PipelineSchedule, type PipelineShape } from '../layout/index.ts';

/** Passes of all stages in the order in which they end where a backward pass takes as long as two forward ones, structure of arrays. */
export interface PipelineOrder {
  readonly stages: number;
  readonly count: number;
  readonly stage: Uint16Array;
  readonly run: Uint16Array;
  /** 1 for a backward pass. */
  readonly backward: Uint8Array;
  /** The pass of the run before (forward) or behind (backward) that it waits for, or -1; and whether what it waits for comes over the wires. */
  readonly after: Int32Array;
  readonly sent: Uint8Array;
  /** The next pass of the same stage, or -1. */
  readonly next: Int32Array;
  /** [stages]: passes of each, and those that send to it. */
  readonly seenBy: readonly Int32Array[];
}

/** `learns`: false leaves out the backward passes. */
export function pipelineOrder(schedule: PipelineSchedule, shape: PipelineShape, learns: boolean): PipelineOrder {
  return byEnd(inTurn(schedule, shape, learns), shape.stages);
}

/** Walks the stages in turn, each as far as it can go. */
function inTurn(schedule: PipelineSchedule, shape: PipelineShape, learns: boolean): Omit<PipelineOrder, 'stages' | 'next' | 'seenBy'> {
  const { stages, microbatches, repeats } = shape;
  const runs = stages * repeats;
  const orders = PIPELINES[schedule].order(shape).map((passes) => (learns ? passes : passes.filter(({ pass }) => pass === 'forward')));
  const count = orders.reduce((sum, { length }) => sum + length, 0);
  const order = {
    count,
    stage: new Uint16Array(count),
    run: new Uint16Array(count),
    backward: new Uint8Array(count),
    after: new Int32Array(count).fill(-1),
    sent: new Uint8Array(count),
  };
  /** [2][runs][microbatches]: where a pass stands, or -1. */
  const placeOf = new Int32Array(2 * runs * microbatches).fill(-1);
  const next = new Array<number>(stages).fill(0);
  let placed = 0;
  for (let before = -1; before < placed && placed < count; ) {
    before = placed;
    for (const [stage, passes] of orders.entries()) {
      for (; next[stage] < passes.length; next[stage]++) {
        const { microbatch, run, pass } = passes[next[stage]];
        const back = pass === 'backward' ? 1 : 0;
        const isFirst = back === 0 && run === 0;
        const turns = back === 1 && run === runs - 1;
        const from = turns ? run : run + (back === 1 ? 1 : -1);
        const after = isFirst ? -1 : placeOf[((turns ? 0 : back) * runs + from) * microbatches + microbatch];
        if (!isFirst && after < 0) break;
        order.stage[placed] = stage;
        order.run[placed] = run;
        order.backward[placed] = back;
        order.after[placed] = after;
        order.sent[placed] = isFirst || turns ? 0 : 1;
        placeOf[(back * runs + run) * microbatches + microbatch] = placed++;
      }
    }
  }
  assert(placed === count, `${schedule} of ${stages} stages, ${microbatches} microbatches and ${repeats} runs comes to an end`);
  return order;
}

function byEnd(walked: ReturnType<typeof inTurn>, stages: number): PipelineOrder {
  const { count, stage, backward, after } = walked;
  const free = new Int32Array(stages);
  const end = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const begin = Math.max(free[stage[i]], after[i] < 0 ? 0 : end[after[i]]);
    end[i] = begin + 1 + backward[i];
    free[stage[i]] = end[i];
  }
  const from = Array.from(end.keys()).sort((a, b) => end[a] - end[b] || stage[a] - stage[b]);
  const placeOf = new Int32Array(count);
  const seenBy = Array.from({ length: stages }, (): number[] => []);
  const runs = walked.run.reduce((most, run) => Math.max(most, run), 0) + 1;
  const next = new Int32Array(count).fill(-1);
  const last = new Int32Array(stages).fill(-1);
  for (const [place, i] of from.entries()) {
    placeOf[i] = place;
    const to = walked.run[i] + (backward[i] === 1 ? -1 : 1);
    seenBy[stage[i]].push(place);
    if (to >= 0 && to < runs) seenBy[to % stages].push(place);
    if (last[stage[i]] >= 0) next[last[stage[i]]] = place;
    last[stage[i]] = place;
  }
  return {
    stages,
    count,
    next,
    seenBy: seenBy.map((places) => Int32Array.from(places)),
    stage: stage.map((_, place) => stage[from[place]]),
    run: walked.run.map((_, place) => walked.run[from[place]]),
    backward: backward.map((_, place) => backward[from[place]]),
    after: after.map((_, place) => (after[from[place]] < 0 ? -1 : placeOf[after[from[place]]])),
    sent: walked.sent.map((_, place) => walked.sent[from[place]]),
  };
}

/** [stages]: when each ends, where a pass of a run takes `forward[run]` or `backward[run]`, and `send[run]` lies between that run and the next one. */
export function pipelineEnds(
  { count, stage, run, backward, after, sent }: PipelineOrder,
  stages: number,
  times: { readonly forward: Float64Array; readonly backward: Float64Array; readonly send: Float64Array },
): Float64Array {
  const ends = new Float64Array(stages);
  const end = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const ready = after[i] < 0 ? 0 : end[after[i]] + (sent[i] === 1 ? times.send[run[i] - (backward[i] === 1 ? 0 : 1)] : 0);
    end[i] = Math.max(ends[stage[i]], ready) + (backward[i] === 1 ? times.backward[run[i]] : times.forward[run[i]]);
    ends[stage[i]] = end[i];
  }
  return ends;
}
