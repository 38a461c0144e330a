import { type Issue, nearest } from '../../../base/index.ts';
import { MODEL_PRESETS, type Preset, type PresetRouting } from '../../../model/index.ts';
import type { PrecisionSpec } from '../../../scenario/index.ts';
import { shown } from '../../located-issue.ts';
import { resolveTopology } from '../../resolve-topology.ts';
import { type ConfigReader, createConfigReader } from '../config-reader.ts';
import type { Imported } from '../imported.ts';
import { checkEffects, REFUSED_FLAGS, ROUGH_FLAGS } from './flag-effects.ts';
import { type Flags, flagsOfFile, flagsOfOptions, flagsOfText, isBase, merged, modelFileOf, type ReadFlags } from './flag-files.ts';
import { ENCODER_FLAG, IDLE_FLAGS, LAYOUT_FLAGS, MODEL_FLAGS, ROUTER_FLAGS, ROUTING_FLAGS, WORKLOAD_FLAGS } from './known-flags.ts';
import { type FlagLayout, readLayoutFlags } from './layout-flags.ts';
import { readModelFlags } from './model-flags.ts';
import { presetNameOf } from './model-names.ts';
import { readRoutingFlags } from './routing-flags.ts';
import { type FlagWorkload, readPrecisionFlags, readWorkloadFlags } from './workload-flags.ts';

/** A whole run of MaxText, in the terms of a scenario. All of it is a stand-in where there are issues. */
export interface MaxTextImport extends Imported {
  readonly layout: FlagLayout;
  readonly workload: FlagWorkload;
  readonly precision: PrecisionSpec;
  /** The name of the slice, with `*2` behind it for two; undefined where `compile_topology` says nothing. */
  readonly topology: string | undefined;
}

export interface MaxTextOptions {
  /** `key=value`, as on the command line of MaxText; they override the file. */
  readonly overrides?: readonly string[];
  /** Devices of the step, where `compile_topology` does not say. */
  readonly devices?: number;
}

/** From a configuration file, with models/<model_name>.yml beside it where there is one. */
export function importMaxTextFile(file: string, options: MaxTextOptions = {}): MaxTextImport {
  return importFlags(flagsOfFile(file), file, options);
}

/** From the text of a configuration, which may be empty where everything is in the overrides. */
export function importMaxText(text: string, file: string, options: MaxTextOptions = {}): MaxTextImport {
  return importFlags(flagsOfText(text, file), file, options);
}

/** Known flags, all of them: what a misspelt one is compared with. */
const KNOWN_FLAGS = [
  ...MODEL_FLAGS,
  ...ROUTING_FLAGS,
  ...LAYOUT_FLAGS,
  ...WORKLOAD_FLAGS,
  ...Object.keys(REFUSED_FLAGS),
  ...Object.keys(ROUGH_FLAGS),
  ...IDLE_FLAGS,
];

/**
 * Flags in the order of MaxText (configs/pyconfig.py): the file and what it rests on, over them the named model, over that the command line. So a
 * dimension in the file does not change a named model.
 */
function importFlags(ofFile: ReadFlags, file: string, { overrides = [], devices }: MaxTextOptions): MaxTextImport {
  const ofOptions = flagsOfOptions(overrides);
  const named = String(merged(ofFile.flags, ofOptions.flags).get('model_name')?.value ?? 'default');
  const modelFile = named === 'default' ? null : modelFileOf(file, named.replace('-Instruct', ''));
  const ofModel: ReadFlags = modelFile === null ? { flags: new Map(), issues: [] } : flagsOfFile(modelFile);
  const flags = merged(ofFile.flags, ofModel.flags, ofOptions.flags);
  const reader = createReader(file, flags);
  const preset = modelFile === null && named !== 'default' ? presetOf(reader, named) : undefined;
  const sources = { preset, ofFile: ofFile.flags, ofModel: ofModel.flags, ofOptions: ofOptions.flags };
  checkConflicts(reader, sources);
  const unused = unusedFlags(sources);
  const { model, routing } = modelAndRouting(reader, preset, named === 'default' ? 'maxtext' : named);
  const topology = readTopology(reader, devices);
  const run = {
    layout: readLayoutFlags(reader, { layers: model.decoderLayers, hasExperts: model.moe !== null }),
    workload: readWorkloadFlags(reader, topology.devices, model),
    precision: readPrecisionFlags(reader),
    topology: topology.name,
  };
  checkFlags(reader, [...flags.keys()]);
  const issues = [...ofFile.issues, ...ofModel.issues, ...ofOptions.issues, ...reader.issues];
  const standIn = issues.length > 0 ? { model: MODEL_PRESETS['switch-base'].spec, routing: undefined } : { model, routing };
  return { ...standIn, ...run, warnings: [...unused, ...reader.remarks], issues };
}

/** What a named model without a file says: its shape and its router. */
const OF_NAMED = [...MODEL_FLAGS, ...ROUTER_FLAGS];

export function createReader(file: string, flags: Flags): ConfigReader {
  return createConfigReader({
    file,
    value: Object.fromEntries([...flags].map(([name, { value }]) => [name, value])),
    placeOf: ([name], at) => flags.get(String(name))?.place?.[at],
  });
}

/** Flags that nobody knows, and those that make another step. */
export function checkFlags(flags: ConfigReader, names: readonly string[]): void {
  const known = new Set(KNOWN_FLAGS);
  for (const name of names) {
    if (known.has(name) || ENCODER_FLAG.test(name)) continue;
    const near = nearest(name, KNOWN_FLAGS);
    const remedy = near === undefined ? 'remove it' : `did you mean ${near}?`;
    flags.refuse(name, 'not a flag of MaxText', remedy, 'E_FLAG_UNKNOWN');
  }
  checkEffects(flags, names);
}

function presetOf(flags: ConfigReader, named: string): Preset | undefined {
  const name = presetNameOf(named);
  if (Object.hasOwn(MODEL_PRESETS, name)) return MODEL_PRESETS[name];
  const near = nearest(named, Object.keys(MODEL_PRESETS));
  const rule = `no preset has that name, and there is no models/${named}.yml beside the file`;
  flags.refuse(
    'model_name',
    rule,
    near === undefined ? 'put its file there, or write its flags out' : `did you mean ${near}?`,
    'E_PRESET_UNKNOWN',
  );
  return undefined;
}

interface Sources {
  readonly preset: Preset | undefined;
  readonly ofFile: Flags;
  readonly ofModel: Flags;
  readonly ofOptions: Flags;
}

/** What a named model says, the command line may not say otherwise without `override_model_config`; of a preset it may say nothing. */
function checkConflicts(flags: ConfigReader, { preset, ofModel, ofOptions }: Sources): void {
  const mayOverride = flags.flag('override_model_config', { or: false });
  for (const [name, { value }] of ofOptions) {
    const ofNamed = ofModel.get(name);
    const changesFile = ofNamed !== undefined && !mayOverride && !isSame(ofNamed.value, value);
    if (changesFile) flags.refuse(name, 'the named model says otherwise', 'add override_model_config=true, or leave it out', 'E_FLAG');
    if (preset === undefined || !OF_NAMED.includes(name)) continue;
    flags.refuse(
      name,
      'changes a named model whose file is not there',
      'put models/<model_name>.yml beside the file, or leave model_name out',
      'E_FLAG',
    );
  }
}

/** Dimensions in a file beside the name of a model, which decides. */
function unusedFlags({ preset, ofFile, ofModel, ofOptions }: Sources): Issue[] {
  return [...ofFile].flatMap(([name, { value, place }]) => {
    const decides = preset === undefined ? ofModel.has(name) && !isSame(ofModel.get(name)?.value, value) : OF_NAMED.includes(name);
    // base.yml writes every flag out and means none of them.
    if (!decides || ofOptions.has(name) || isBase(place?.key.file ?? '')) return [];
    const rule = 'the named model decides, not the file';
    const at = place === undefined ? {} : { place: place.value };
    return [{ code: 'W_IMPORT', path: name, value: shown(value), rule, remedy: 'leave it out, or leave model_name out', ...at }];
  });
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function modelAndRouting(flags: ConfigReader, preset: Preset | undefined, name: string): Pick<Imported, 'model' | 'routing'> {
  const model = preset?.spec ?? readModelFlags(flags, name);
  const known: PresetRouting | undefined = preset?.routing;
  return { model, routing: model.moe === null ? undefined : readRoutingFlags(flags, model.moe.experts, known) };
}

/** The slice of `compile_topology`, and how many devices a step has. */
function readTopology(
  flags: ConfigReader,
  devices: number | undefined,
): { readonly name: string | undefined; readonly devices: number | null } {
  const stated = flags.text('compile_topology', { or: '' });
  const slices = Math.max(1, flags.whole('compile_topology_num_slices', { or: -1, least: -1, most: 4096 }));
  if (stated === '') return { name: undefined, devices: devices ?? null };
  const name = slices === 1 ? stated : `${stated}*${slices}`;
  const resolved = resolveTopology(name, undefined);
  for (const { issue } of resolved.issues) flags.refuse('compile_topology', issue.rule, issue.remedy, issue.code);
  return { name, devices: devices ?? resolved.devices };
}
