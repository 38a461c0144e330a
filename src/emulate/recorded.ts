import { InputError } from '../base/index.ts';
import type { Load, TraceRecords } from '../scenario/index.ts';
import { type ChosenLayer, type ChosenRequest, loadsOfChoices, type Pause } from './chosen.ts';
import type { StackTokens } from './types.ts';

/**
 * Loads from recorded expert ids. Layer i of the records is the i-th Switch layer of the request, stack by stack. A group counts when all its
 * tokens are recorded; layers and groups that are not recorded count as not sampled.
 */
export async function recordedLoad(request: ChosenRequest, records: TraceRecords, pause?: Pause): Promise<Load[]> {
  const places = request.stacks.flatMap((tokens) => tokens.layers.map((layer) => ({ tokens, layer })));
  const choices = places.map(({ tokens }) => Array.from({ length: tokens.tokens }, (): number[] => []));
  for (let i = 0; i < records.layer.length; i++) {
    const ofToken = choices[records.layer[i]]?.[records.token[i]];
    if (ofToken === undefined || records.expert[i] < 0 || records.expert[i] >= request.experts)
      throw outOfRange(records, i, request.experts);
    ofToken.push(records.expert[i]);
  }
  const layers = places.flatMap(({ tokens, layer }, ordinal) => recordedLayer(tokens, layer, choices[ordinal]));
  if (layers.length === 0) throw tooShort(request.stacks);
  return loadsOfChoices(request, 'trace', layers, pause);
}

function recordedLayer(tokens: StackTokens, layer: number, choices: readonly (readonly number[])[]): ChosenLayer[] {
  const { groupTokens } = tokens;
  const groups: number[] = [];
  for (let group = 0; group < tokens.tokens / groupTokens; group++) {
    const ofGroup = choices.slice(group * groupTokens, (group + 1) * groupTokens);
    if (ofGroup.every((ofToken) => ofToken.length > 0)) groups.push(group);
  }
  if (groups.length === 0) return [];
  const choicesOf = (group: number, topK: number): Int32Array =>
    Int32Array.from({ length: groupTokens * topK }, (_, row) => choices[group * groupTokens + Math.floor(row / topK)][row % topK] ?? -1);
  return [{ tokens: { ...tokens, groups }, layer, choicesOf }];
}

function outOfRange(records: TraceRecords, row: number, experts: number): InputError {
  return new InputError([
    {
      code: 'E_TRACE_RANGE',
      path: 'load.file',
      value: `record ${row + 1}: layer ${records.layer[row]}, token ${records.token[row]}, expert ${records.expert[row]}`,
      rule: `layer and token must exist in the model and the workload, and expert be one of 0 to ${experts - 1}`,
      remedy: 'record with the same model, or set model.experts and workload to those of the recording',
    },
  ]);
}

function tooShort(stacks: readonly StackTokens[]): InputError {
  return new InputError([
    {
      code: 'E_TRACE_SHORT',
      path: 'load.file',
      value: 'no layer has all tokens of one group',
      rule: `a group of ${Math.min(...stacks.map((stack) => stack.groupTokens))} tokens must be recorded in full to be counted`,
      remedy: 'record more tokens of a layer, or lower routing.groupTokens',
    },
  ]);
}
