import { type Issue, unknownKey } from '../base/index.ts';
import { METRIC_NAMES } from '../result/index.ts';
import { checkScenario } from '../scenario/index.ts';
import type { JsonSchema } from './json-schema.ts';
import { issueAt, type LocatedIssue, located, shown } from './located-issue.ts';
import { checkShape } from './repair.ts';
import { type Overrides, type Resolved, resolveScenario } from './resolve-scenario.ts';
import type { ScenarioInput } from './scenario-schema.ts';
import { droppedKeyIssues } from './shape-issues.ts';

export interface CheckedDocument {
  readonly resolved: Resolved;
  /** Everything that is wrong, in no order. */
  readonly issues: readonly LocatedIssue[];
}

/** Shape, names, what is not modelled, and rules across fields: all at once, so that one look at the list is enough. */
export function checkDocument(document: unknown, file: string, overrides: Overrides, schema: JsonSchema): CheckedDocument {
  const shape = checkShape(document, schema);
  const resolved = resolveScenario(shape.input, file, overrides);
  const wrong = [...shape.wrong, ...resolved.wrong];
  // What is wrong in shape has a stand-in, or is gone: what resolving says about that, or about keys in it, is a consequence.
  const isConsequence = ({ code, path }: Issue): boolean =>
    shape.wrong.some(
      (at) => path === at || path.startsWith(`${at}.`) || (code === 'E_MISSING' && path.startsWith('model.') && MODEL_SOURCES.includes(at)),
    );
  const resolving = resolved.issues.filter(({ issue }) => !isConsequence(issue));
  const rules = checkScenario(resolved, wrong).map((issue) => located(asWritten(issue, shape.input)));
  const dropped = droppedKeyIssues(document, schema);
  return { resolved, issues: [...shape.issues, ...dropped, ...resolving, ...rules, ...assertIssues(shape.input.assert)] };
}

/** Keys that say a whole model: without them every dimension would be missing. */
const MODEL_SOURCES = ['model.preset', 'model.huggingFace', 'model.maxtext'];

/**
 * An option that was written beside the router's name is looked for there: `routing: {router: {name: topk, topK: 4}}`; so are the axes of a layout
 * that has a name.
 */
function asWritten(issue: Issue, { routing, layout }: ScenarioInput): Issue {
  if (/^layout\.(ici|expertsOver)/.test(issue.path)) {
    if (typeof layout === 'string') return { ...issue, path: 'layout' };
    if (layout?.name === undefined) return issue;
    return { ...issue, path: issue.path === 'layout.ici.tensor' && layout.tensor !== undefined ? 'layout.tensor' : 'layout.name' };
  }
  const option = /^routing\.options\.(.+)$/.exec(issue.path)?.[1];
  const group = routing?.router;
  if (option === undefined || typeof group !== 'object' || !Object.hasOwn(group, option)) return issue;
  return { ...issue, path: `routing.router.${option}` };
}

function assertIssues(asserts: ScenarioInput['assert']): LocatedIssue[] {
  return Object.entries(asserts ?? {}).flatMap(([name, bounds]): LocatedIssue[] => {
    if (!METRIC_NAMES.some((known) => known === name)) {
      const issue: Issue = unknownKey('E_METRIC_UNKNOWN', `assert.${name}`, name, METRIC_NAMES);
      return [{ issue, at: ['assert', name], point: 'key' }];
    }
    const { min, max } = bounds;
    if (min === undefined && max === undefined) {
      return [issueAt(['assert', name], 'E_ASSERT_BOUNDS', shown(bounds), 'needs a min or a max', 'write {max: ...} or {min: ...}')];
    }
    if (min === undefined || max === undefined || min <= max) return [];
    return [issueAt(['assert', name], 'E_ASSERT_BOUNDS', shown(bounds), 'min must not be above max', 'exchange the two')];
  });
}
