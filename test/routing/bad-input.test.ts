import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/index.ts';
import { createRouter, type RouterInput, type RouterRead } from '../../src/routing/index.ts';
import { scoredInput } from './scores.ts';
import { ROUTER_VARIANTS } from './variants.ts';

const SCORES = Array.from({ length: 6 }, (_, token) => Array.from({ length: 8 }, (_, e) => Math.sin(3 * token + 5 * e)));
const GOOD = { ...scoredInput(SCORES, 6, 1), recorded: new Int32Array(6) };

/** The one issue of the error that `act` must throw. */
function issueOf(act: () => unknown): { code: string; path: string; value: string; rule: string; remedy: string } {
  try {
    act();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    expect(error.issues).toHaveLength(1);
    return error.issues[0];
  }
  return expect.fail('nothing was refused');
}

const refusal = (router: string, change: Partial<RouterInput>) => issueOf(() => createRouter(router).route({ ...GOOD, ...change }));

describe('a router refuses', () => {
  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])('logits that are %s, by token and expert', (wrong) => {
    const logits = GOOD.logits?.slice() ?? new Float32Array();
    logits[3 * 8 + 5] = wrong;
    const issue = refusal('loss-free', { logits });
    expect(issue).toMatchObject({ code: 'E_ROUTER_INPUT', path: 'logits', value: `${wrong} at token 3, expert 5` });
    expect(issue.rule).toContain('finite');
  });

  it('probabilities that are NaN, as logits that are not finite make them, by token', () => {
    const probabilities = GOOD.probabilities?.slice() ?? new Float32Array();
    probabilities.fill(Number.NaN, 2 * 8, 3 * 8);
    const issue = refusal('switch-top1', { probabilities });
    expect(issue).toMatchObject({ code: 'E_ROUTER_INPUT', path: 'probabilities', value: 'NaN at token 2' });
  });

  it('a tensor of the wrong size, with the size that it should have', () => {
    const issue = refusal('switch-top1', { probabilities: new Float32Array(47) });
    expect(issue).toMatchObject({ path: 'probabilities', value: '47 elements' });
    expect(issue.rule).toContain('48 elements, [tokens, experts]');
  });

  it.each([
    ['tokens', 0],
    ['experts', -1],
    ['expertCapacity', 0],
    ['expertCapacity', 1.5],
  ])('%s of %d', (argument, wrong) => {
    const issue = refusal('switch-top1', { [argument]: wrong });
    expect(issue).toMatchObject({ code: 'E_ROUTER_INPUT', path: argument, value: String(wrong) });
  });

  it('more choices than experts', () => {
    const issue = issueOf(() => createRouter('topk', { topK: 9 }).route(GOOD));
    expect(issue).toMatchObject({ path: 'experts', value: '8' });
    expect(issue.rule).toContain('at least 9');
  });

  it('recorded experts that do not exist', () => {
    const issue = refusal('trace', { recorded: Int32Array.of(0, 1, 2, 8, 0, 0) });
    expect(issue).toMatchObject({ path: 'recorded', value: 'expert 8 at token 3' });
    expect(issue.rule).toContain('below 8');
  });

  it('an option that it does not have, or a value out of range, and says which it has', () => {
    expect(issueOf(() => createRouter('topk', { topk: 4 }))).toMatchObject({
      code: 'E_ROUTER_OPTION',
      path: 'routing.options.topk',
      remedy: 'did you mean topK?',
    });
    expect(issueOf(() => createRouter('topk', { topK: 0 })).rule).toBe('must be a whole number from 1 to 64');
    expect(issueOf(() => createRouter('topk', { normalise: 'always' })).rule).toContain('none, before-drop');
    expect(issueOf(() => createRouter('swich-top1'))).toMatchObject({ code: 'E_ROUTER_UNKNOWN', remedy: 'did you mean switch-top1?' });
  });
});

describe.each(ROUTER_VARIANTS.map((variant) => [variant.name, variant] as const))('router %s', (_, { router }) => {
  it('says which tensor is missing, of all that it reads', () => {
    for (const name of router.reads) {
      const issue = issueOf(() => router.route({ ...GOOD, [name]: undefined }));
      expect(issue).toMatchObject({ code: 'E_ROUTER_INPUT', path: name, value: 'missing' });
    }
    const unread = (['probabilities', 'logits', 'noiseLogits', 'bias', 'tokenIds', 'domains', 'recorded'] as const).filter(
      (name: RouterRead) => !router.reads.includes(name),
    );
    const without = Object.fromEntries(unread.map((name) => [name, undefined]));
    expect(router.route({ ...GOOD, ...without, recorded: new Int32Array(router.rows(GOOD)) }).expert.length).toBe(router.rows(GOOD));
  });
});
