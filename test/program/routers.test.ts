import { describe, expect, it } from 'vitest';
import { loadScenario } from '../../src/intake/index.ts';
import { type Program, TaskKind } from '../../src/program/index.ts';
import { createRouter, DISPATCH_NAMES, type OptionValues, ROUTERS, resolveOptions } from '../../src/routing/index.ts';
import { lowered } from './scenarios.ts';

/** The tiny model's routing with another router. */
function withRouter(
  router: string,
  dispatch: (typeof DISPATCH_NAMES)[number] = 'einsum',
  embedding: 'one-hot' | 'gather' = 'one-hot',
  given: OptionValues = {},
) {
  const { scenario } = loadScenario('scenarios/tiny.yaml');
  const options = resolveOptions(ROUTERS[router].options, given, router);
  return lowered('tiny', {
    routing: { ...scenario.routing, router, options, dispatch },
    workload: { ...scenario.workload, embedding },
  });
}

function tasksOf({ tasks, names }: Program, part: string): { name: string; flops: number; operations: number }[] {
  return Array.from({ length: tasks.count }, (_, task) => ({
    name: names[tasks.name[task]],
    part: names[tasks.part[task]],
    flops: tasks.mxuFlops[task],
    operations: tasks.vectorOps[task],
    isCompute: tasks.kind[task] === TaskKind.compute,
  })).filter((task) => task.part === part && task.isCompute);
}

const allToAlls = ({ collectives }: Program): number => collectives.filter(({ kind }) => kind === 'all-to-all').length;
const routerFlops = (program: Program): number =>
  tasksOf(program, 'router')
    .filter(({ name }) => !name.endsWith('positions'))
    .reduce((sum, { flops }) => sum + flops, 0);

const CASES = Object.keys(ROUTERS).flatMap((router) => DISPATCH_NAMES.map((dispatch) => [router, dispatch] as const));

describe('the step under every router', () => {
  it('is lowered for all of them', () => expect(CASES.length).toBeGreaterThan(45));

  it.each(CASES)('of %s with %s dispatch sends what the router sends, and executes what the model needs', (name, dispatch) => {
    const { program } = withRouter(name, dispatch);
    // Two Switch layers, forward and backward.
    expect(allToAlls(program)).toBe(2 * 2 * createRouter(name).allToAlls);
    expect(program.modelFlops).toBeLessThanOrEqual(program.executedFlops);
  });

  it.each(Object.keys(ROUTERS))('of %s without slots and one-hot products executes what the model needs, and no less', (name) => {
    const { program } = withRouter(name, 'dropless', 'gather');
    expect(program.modelFlops).toBeLessThanOrEqual(program.executedFlops * (1 + 1e-12));
  });

  it.each(Object.keys(ROUTERS))('of %s multiplies with router weights as often as there are scores', (name) => {
    const { reads, learned } = createRouter(name);
    const products = reads.includes('noiseLogits') ? 2 : reads.includes('logits') || reads.includes('probabilities') ? 1 : 0;
    const { program } = withRouter(name);
    // 2 T d E for each product, forward once and backward twice: 512 + 128 tokens of four devices, d = 64, E = 8.
    const product = 2 * ((32 * 64) / 4 + (32 * 16) / 4) * 64 * 8;
    expect(routerFlops(program)).toBe(products * product * (learned ? 3 : 1));
    const toMask = tasksOf(program, 'combine').filter(({ name: task }) => task.endsWith('to combine mask'));
    expect(toMask).toHaveLength(learned ? 2 : 0);
    const positions = tasksOf(program, 'router').filter(({ name: task }) => task.endsWith('positions'));
    expect(positions).toHaveLength(createRouter(name).expertsChoose === true ? 0 : 2);
  });

  it('shuffles all tokens of BASE twice each way, whatever their experts', () => {
    const sentBy = (name: string, options: OptionValues = {}): number[] => {
      const { program } = withRouter(name, 'einsum', 'one-hot', options);
      const rows = program.collectives.filter(({ kind }) => kind === 'all-to-all');
      return rows.map(({ plan }) => program.plans[plan].sentBytesPerDevice);
    };
    // First layer, forward: shuffle, to experts, from experts, unshuffle. 512 tokens of 64 bf16 numbers, three quarters of them to others.
    const base = sentBy('base');
    expect(base.slice(0, 4)).toEqual([512 * 64 * 2 * 0.75, 512 * 64 * 2 * 0.75, 512 * 64 * 2 * 0.75, 512 * 64 * 2 * 0.75]);
    expect(sentBy('base', { shuffle: false })).toEqual(base.filter((_, i) => i % 4 < 2));
    // With C = S / E slots for every expert as many rows travel as there are tokens; mesh-tf at 1.25 sends a quarter more.
    expect(sentBy('switch-top1')[0]).toBe(512 * 64 * 2 * 0.75 * 1.25);
  });

  it('pays for the passes of an assignment', () => {
    const passes = (name: string): number =>
      tasksOf(withRouter(name).program, 'router')
        .filter(({ name: task }) => task.endsWith('assignment'))
        .reduce((sum, { operations }) => sum + operations, 0);
    expect(passes('topk')).toBe(0);
    expect(passes('s-base')).toBe(100 * 4 * (512 + 128) * 8);
    expect(passes('base')).toBe(passes('s-base'));
  });

  it('counts as many experts per token as there are rows where experts choose', () => {
    const flops = (capacityFactor: number): number => {
      const { scenario } = loadScenario('scenarios/tiny.yaml');
      const options = resolveOptions(ROUTERS['expert-choice'].options, {}, 'expert-choice');
      const routing = { ...scenario.routing, router: 'expert-choice', options, capacityFactor };
      return lowered('tiny', { routing }).program.modelFlops;
    };
    const one = flops(1);
    expect(flops(2) - one).toBeGreaterThan(0);
    expect(flops(3) - flops(2)).toBeCloseTo(flops(2) - one, 0);
  });
});
