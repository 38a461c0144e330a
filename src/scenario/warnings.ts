import type { Seconds } from '../base/index.ts';
import { chipCount } from '../hardware/index.ts';
import { axisSize } from '../layout/index.ts';
import { CAPACITY_RULES, GROUP_RULES, routerOrNull, routingSizes } from '../routing/index.ts';
import { expertLayersOf } from './expert-layers.ts';
import type { RuleInput, ScenarioWarning } from './rule.ts';
import { sliceName } from './rules-topology.ts';
import { stackGroups } from './stack-groups.ts';
import { stackTokens, tokenHolders } from './stack-lengths.ts';

/** What the file said, as far as the resolved value no longer shows it. */
export interface Stated {
  /** The file left the wrap-around to the default of the chip. */
  readonly wrapIsAssumed: boolean;
  /** Sections that the file wrote out. */
  readonly sections: readonly string[];
  /** Keys that it wrote under `routing`. */
  readonly routingKeys: readonly string[];
  /** What the sample of routed tokens and layers was chosen by; null where the file states it. */
  readonly budget: {
    readonly budgetSeconds: Seconds;
    readonly secondsOfAll: Seconds;
    readonly isSample: boolean;
    readonly isUnchecked: boolean;
  } | null;
}

/** Below this, matrix products over a device's tokens are shorter than eight fills of a 128-wide systolic array. */
const FEW_TOKENS_PER_DEVICE = 1024;

/** Legal but suspicious, or an assumption to know about: stands in the result and on the page. The scenario is taken to be free of issues. */
export function scenarioWarnings(input: RuleInput, stated: Stated): ScenarioWarning[] {
  return [
    ...wrapAssumed(input, stated),
    ...jobTooLarge(input),
    ...smallBatch(input),
    ...unusedSchedule(input),
    ...(input.scenario.model.moe === null
      ? unusedSections(input, stated)
      : [
          ...unusedCapacity(input, stated),
          ...unusedGroupSize(input, stated),
          ...unusedOptions(input),
          ...causalChoice(input),
          ...givenChoices(input),
          ...chosenSample(input, stated),
          ...routingWarnings(input),
        ]),
  ];
}

function wrapAssumed({ scenario, chip }: RuleInput, { wrapIsAssumed }: Stated): ScenarioWarning[] {
  const { shape, wrap } = scenario.topology;
  const open = shape.filter((side, axis) => side > 2 && !wrap[axis]);
  if (!wrapIsAssumed || open.length === 0) return [];
  const rule =
    chip.wrapRule.kind === 'side'
      ? `a side is known to close at ${chip.wrapRule.sides.join(' or ')} chips`
      : `a slice closes when every side is a multiple of ${chip.wrapRule.multiple}`;
  const sides = open.length === shape.length ? 'all sides' : `${open.length} of ${shape.length} sides`;
  return [
    {
      code: 'W_WRAP_ASSUMED',
      message: `${sliceName(scenario)}: ${sides} taken without wrap-around (${rule}); if your slice is wired otherwise, set topology.wrap: closed.`,
    },
  ];
}

function jobTooLarge({ scenario, chip: { name, maxJobChips, podShape } }: RuleInput): ScenarioWarning[] {
  const chips = chipCount(scenario.topology.shape);
  if (maxJobChips === undefined || chips <= maxJobChips) return [];
  const message = `${sliceName(scenario)} has ${chips} chips: a pod of ${name} has ${chipCount(podShape)}, but a job gets at most ${maxJobChips}.`;
  return [{ code: 'W_JOB_SIZE', message }];
}

function smallBatch({ scenario }: RuleInput): ScenarioWarning[] {
  // Decoding has one token per sequence, and is bound by what it reads from memory whatever the batch.
  if (scenario.workload.kind === 'decode') return [];
  const tokens = stackTokens(scenario, scenario.model.family === 'decoder' ? 'decoder' : 'encoder') / tokenHolders(scenario);
  if (tokens >= FEW_TOKENS_PER_DEVICE) return [];
  return [
    {
      code: 'W_BATCH_SMALL',
      message: `Only ${Math.floor(tokens)} tokens per device: fixed overheads and padding dominate; use more sequences or fewer devices.`,
    },
  ];
}

function unusedSchedule({ scenario: { layout } }: RuleInput): ScenarioWarning[] {
  const { schedule, repeats } = layout.pipeline;
  if (schedule !== 'interleaved' || repeats > 1 || axisSize(layout, 'pipeline') === 1) return [];
  const message =
    'layout.pipeline.schedule interleaved does nothing: with one chunk of layers per stage it is 1f1b; say layout.pipeline.repeats.';
  return [{ code: 'W_UNUSED', message }];
}

function unusedSections({ scenario }: RuleInput, { sections }: Stated): ScenarioWarning[] {
  const unused = ['routing', 'load', 'emulate'].filter((section) => sections.includes(section));
  if (unused.length === 0) return [];
  return [
    {
      code: 'W_UNUSED',
      message: `${scenario.model.name} has no experts: ${unused.join(', ')} ${unused.length === 1 ? 'does' : 'do'} nothing.`,
    },
  ];
}

/** Without slots there is no capacity, algorithms that fix their own read the factor at most, and a rule may be a constant. */
function unusedCapacity({ scenario: { routing } }: RuleInput, { routingKeys }: Stated): ScenarioWarning[] {
  const ownCapacity = routerOrNull(routing)?.ownCapacity ?? null;
  if (routing.dispatch !== 'dropless' && ownCapacity === null) {
    const { expertCapacity, formula } = CAPACITY_RULES[routing.capacityRule];
    const isRead = expertCapacity({ ...probe(1), topK: 1 }) !== expertCapacity({ ...probe(2), topK: 1 });
    if (isRead || !routingKeys.includes('capacityFactor')) return [];
    const message = `routing.capacityRule ${routing.capacityRule} gives every expert ${formula} slots: capacityFactor does nothing.`;
    return [{ code: 'W_UNUSED', message }];
  }
  const readsFactor = ownCapacity !== null && ownCapacity(probe(1)) !== ownCapacity(probe(2));
  const unused = (readsFactor ? ['capacityRule'] : ['capacityFactor', 'capacityRule']).filter((key) => routingKeys.includes(key));
  if (unused.length === 0) return [];
  const verb = unused.length === 1 ? 'does' : 'do';
  const why =
    ownCapacity === null ? 'routing.dispatch dropless gives every choice its row' : `${routing.router} fixes the slots of its experts`;
  return [{ code: 'W_UNUSED', message: `${why}: ${unused.join(' and ')} ${verb} nothing.` }];
}

function unusedGroupSize({ scenario: { routing } }: RuleInput, { routingKeys }: Stated): ScenarioWarning[] {
  const { title, readsGroupTokens } = GROUP_RULES[routing.groupRule];
  if (readsGroupTokens || !routingKeys.includes('groupTokens')) return [];
  return [{ code: 'W_UNUSED', message: `routing.groupRule ${routing.groupRule} makes ${title}: groupTokens does nothing.` }];
}

function unusedOptions({ scenario: { routing, model } }: RuleInput): ScenarioWarning[] {
  const inVain = routerOrNull(routing)?.inVain?.(model.moe?.experts ?? 0) ?? null;
  return inVain === null ? [] : [{ code: 'W_UNUSED', message: `${routing.router}: ${inVain}.` }];
}

/** What a budget made of `auto`, before anything is routed. */
function chosenSample({ scenario }: RuleInput, { budget }: Stated): ScenarioWarning[] {
  if (budget === null) return [];
  const { tokens, layers, verifyShare } = scenario.emulate;
  const words = [...(tokens === 'all' ? [] : [`${tokens} tokens`]), ...(layers === 'all' ? [] : [`${layers} layers`])];
  const sample =
    `Routing all tokens through all layers with experts would take about ${Math.round(budget.secondsOfAll)} s on two cores: ${words.join(' through ')} are routed, ` +
    'spread evenly; emulate: {tokens: all, layers: all} routes everything.';
  const unchecked = `Experts of this size take long: ${verifyShare === 0 ? 'none of the tokens' : `${verifyShare * 100} % of the tokens`} are compared with the oracle, where emulate.verifyShare does not say otherwise.`;
  const messages = [...(budget.isSample ? [sample] : []), ...(budget.isUnchecked ? [unchecked] : [])];
  return messages.map((message) => ({ code: 'W_EMULATE_BUDGET', message: `${message} (emulate.budgetSeconds ${budget.budgetSeconds})` }));
}

/** Sizes at which twice the factor is twice the slots, wherever it is read at all. */
function probe(capacityFactor: number) {
  return { tokens: 1024, experts: 8, capacityFactor };
}

/** Whether an expert takes a token depends on the tokens behind it, which are not there yet when text is generated. */
function causalChoice({ scenario }: RuleInput): ScenarioWarning[] {
  const { routing } = scenario;
  const router = routerOrNull(routing);
  if (router?.expertsChoose !== true || !expertLayersOf(scenario).some(({ stack }) => stack === 'decoder')) return [];
  return [
    {
      code: 'W_EXPERT_CHOICE_CAUSAL',
      message: `${routing.router} in a decoder looks at later tokens: the model can be trained so, but not used to generate text token by token.`,
    },
  ];
}

/** A load that is not measured has choices and no scores, so whatever a router does with scores beside choosing is lost. */
function givenChoices({ scenario: { routing, load } }: RuleInput): ScenarioWarning[] {
  const rule = routerOrNull(routing)?.ownRule;
  if (rule === undefined || load.kind === 'measured' || (rule.about === 'slots' && routing.dispatch === 'dropless')) return [];
  const instead =
    rule.about === 'choices'
      ? 'all choices that are given ask for their experts'
      : 'choices that are given queue in token order, first choices first';
  return [
    {
      code: 'W_CHOICES_GIVEN',
      message: `${routing.router}'s own rule for ${rule.words} does not apply under load ${load.kind}: ${instead}.`,
    },
  ];
}

function routingWarnings({ scenario }: RuleInput): ScenarioWarning[] {
  const { routing, model, load } = scenario;
  const warnings: ScenarioWarning[] = [];
  if (load.kind === 'measured') {
    warnings.push({
      code: 'W_CLUSTERING_ASSUMED',
      message:
        `Drops and loads come from an untrained router on synthetic tokens (clustering ${load.clustering}): an assumption. ` +
        'Trained models balance their load; give recorded choices by load: {kind: trace, file}.',
    });
  }
  const hasRule = routing.dispatch !== 'dropless' && routerOrNull(routing)?.ownCapacity === null;
  for (const { stack, tokens, groups, groupTokens } of stackGroups(scenario).stacks) {
    if (GROUP_RULES[routing.groupRule].readsGroupTokens && groupTokens !== Math.min(routing.groupTokens, tokens)) {
      warnings.push({
        code: 'W_GROUPS_UNEVEN',
        message: `The ${tokens} ${stack} tokens make ${groups} groups of ${groupTokens}, not of ${routing.groupTokens}.`,
      });
    }
    const experts = model.moe?.experts ?? 1;
    const { topK, expertCapacity } = routingSizes(routing, groupTokens, experts);
    const share = (groupTokens * topK * routing.capacityFactor) / experts;
    if (hasRule && expertCapacity > share + 1 && expertCapacity <= 4) {
      warnings.push({
        code: 'W_CAPACITY_FLOOR',
        message:
          `In ${stack} groups of ${groupTokens} tokens the rule ${routing.capacityRule} gives its minimum of ${expertCapacity} slots per expert, ` +
          `where the capacity factor asks for ${share.toFixed(1)}.`,
      });
    }
  }
  return warnings;
}
