import type { RematSpec } from '../layout/index.ts';
import { MODEL_PRESETS } from '../model/index.ts';
import {
  defaultExpertDropout,
  type PrecisionSpec,
  SCENARIO_DEFAULTS,
  type SoftwareDefaults,
  type WorkloadSpec,
} from '../scenario/index.ts';
import { issueAt, type LocatedIssue } from './located-issue.ts';
import { resolveModel } from './resolve-model.ts';
import type { ScenarioInput } from './scenario-schema.ts';

type WorkloadInput = NonNullable<ScenarioInput['workload']>;

/** Fills in every default of a workload. `pathOf` says where a file lies that the scenario names. */
export function resolveWorkload(
  input: WorkloadInput = {},
  software: SoftwareDefaults,
  pathOf: (stated: string) => string,
): { readonly workload: WorkloadSpec; readonly issues: readonly LocatedIssue[] } {
  const { remat, teacher: statedTeacher, ...stated } = input;
  const kind = stated.kind ?? SCENARIO_DEFAULTS.workload.kind;
  const { teacher, issues } = resolveTeacher(kind, statedTeacher, pathOf);
  const { embedding, layers, attentionKernel } = software;
  const defaults = { ...SCENARIO_DEFAULTS.workload, embedding, layers, attentionKernel, expertDropout: defaultExpertDropout(kind) };
  return { workload: { ...defaults, ...stated, kind, remat: resolveRemat(remat), teacher }, issues };
}

/** Gradients have the type of the matrix products unless something else is said. */
/** Gradients are of the type of activations, but for what a pod learns: it adds them up in f32. */
export function resolvePrecision(input: ScenarioInput['precision'], learns: boolean): PrecisionSpec {
  const merged = { ...SCENARIO_DEFAULTS.precision, ...input };
  return { ...merged, gradients: merged.gradients ?? (learns ? 'f32' : merged.matmul) };
}

function resolveRemat(stated: WorkloadInput['remat']): RematSpec {
  const defaults = SCENARIO_DEFAULTS.workload.remat;
  if (stated === undefined) return defaults;
  return typeof stated === 'string' ? { policy: stated, tensors: {} } : { ...defaults, ...stated };
}

/** The name of a preset, or dimensions as under `model`. */
function resolveTeacher(kind: WorkloadSpec['kind'], stated: WorkloadInput['teacher'], pathOf: (stated: string) => string) {
  if (stated === undefined) {
    const remedy = `add workload.teacher, e.g. teacher: ${Object.keys(MODEL_PRESETS)[0]}`;
    const missing = issueAt(['workload', 'teacher'], 'E_MISSING', 'nothing', 'teacher is required to distil', remedy, 'key');
    return { teacher: null, issues: kind === 'distil' ? [missing] : [] };
  }
  const { model, issues } = resolveModel(stated, pathOf);
  return { teacher: model, issues: issues.map((found) => underTeacher(found, typeof stated === 'string')) };
}

/** What is said of `model` is said of the teacher. */
function underTeacher({ issue, at, point }: LocatedIssue, isName: boolean): LocatedIssue {
  const rest = isName ? [] : at.slice(1);
  // What stands in a file of its own has its place there.
  if (issue.place !== undefined) return { issue, at: ['workload', 'teacher', ...rest], point };
  const { code, value, rule, remedy } = issue;
  return issueAt(['workload', 'teacher', ...rest], code, value, rule, remedy.replaceAll('model.', 'workload.teacher.'), point);
}
