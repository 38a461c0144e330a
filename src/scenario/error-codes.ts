import type { IssueCode } from './issue-code.ts';

/** Reading a file, before its content is looked at. */
const FILES = {
  E_FILE: {
    title: 'A file cannot be read',
    rule: 'the path must name a readable file',
    example: 'switchyard run scenarios/swich-base.yaml',
    remedy: 'check the path and the permissions; paths inside a scenario count from the folder of the scenario',
  },
  E_OUTPUT: {
    title: 'An answer cannot be written',
    rule: 'the output folder must be one (or be missing, so that it can be made) that can be written, its files must not be folders, and stdout must take all of the answer',
    example: 'switchyard run scenarios/tiny.yaml --out README.md',
    remedy: 'choose another folder by --out, check its permissions, or make room on the disk',
  },
  E_FILE_SIZE: {
    title: 'An input file is larger than its kind can sensibly be',
    rule: 'scenarios and chip files may have 1 MiB, configurations of other programs 100 MiB, recorded choices 256 MiB, traffic matrices 1 GiB, stored results 64 MiB',
    example: 'a recorded trace passed as the scenario itself',
    remedy: 'pass recorded choices by `load: {kind: trace, file: ...}`; cut a recording to fewer tokens',
  },
  E_YAML: {
    title: 'A file is not well-formed YAML or JSON',
    rule: 'scenario and chip files are YAML 1.2 (of which JSON is a part) with unique keys and without tags',
    example: 'layout: {ici: {data: 32}',
    remedy: 'close the bracket or quote, indent by spaces, write each key once',
  },
  E_NESTING: {
    title: 'A file is nested too deeply, or refers to itself too often',
    rule: 'at most 24 levels and 100 uses of aliases; 64 levels in a config.json',
    example: 'a: &a [*a]',
    remedy: 'write the values out instead of repeating aliases',
  },
  E_JSON: {
    title: 'A file is not JSON',
    rule: 'a result file is one JSON object as `switchyard run` writes it; a config.json is one group in which no key stands twice',
    example: 'switchyard report index.html',
    remedy: 'pass the result.json or comparison.json of a report folder, or correct the place that the message names',
  },
} as const satisfies Record<string, IssueCode>;

/** The shape of a file: keys, types, ranges. */
const SHAPES = {
  E_KEY_UNKNOWN: {
    title: 'A key that the file format does not have',
    rule: 'only the keys in schema/scenario.schema.json have a meaning; others are typing errors',
    example: 'routing: {capacityFacter: 1.25}',
    remedy: 'use the nearest known key, which the message names, or remove the line',
  },
  E_TYPE: {
    title: 'A value of the wrong kind',
    rule: 'each key takes the kind of value that the message names',
    example: 'workload: {sequences: many}',
    remedy: 'write a value of that kind',
  },
  E_RANGE: {
    title: 'A number outside its range',
    rule: 'each number has a range in which the model means something',
    example: 'workload: {sequences: 0}',
    remedy: 'choose a value within the range that the message names',
  },
  E_ENUM: {
    title: 'A word that is not one of the allowed ones',
    rule: 'the key takes one of a few words, which the message lists',
    example: 'workload: {optimizer: adafactr}',
    remedy: 'use one of them',
  },
  E_FORMAT: {
    title: 'A text in the wrong form',
    rule: 'a name is letters, digits, dots, dashes and underscores, since it becomes a folder under reports/',
    example: 'name: ../elsewhere',
    remedy: 'write it in that form',
  },
  E_MISSING: {
    title: 'A required key is absent',
    rule: 'a scenario needs at least `topology` and `model`; everything else has a default',
    example: 'a scenario without `model:`',
    remedy: 'add the key',
  },
  E_NOT_MODELLED: {
    title: 'A key or value that is known but that the model does not express',
    rule: 'what cannot be simulated is refused instead of silently ignored',
    example: 'model: {huggingFace: config.json} of a model with layers of linear attention',
    remedy: 'remove it, or use the alternative that the message names',
  },
} as const satisfies Record<string, IssueCode>;

/** Names that are looked up in a registry. */
const NAMES = {
  E_CHIP_UNKNOWN: {
    title: 'No such chip',
    rule: 'a chip is a file in topologies/chips',
    example: 'topology: tpu-v33:4x4',
    remedy: 'choose one from `switchyard list chips`, or add a file beside them',
  },
  E_TOPOLOGY_NAME: {
    title: 'A slice name that cannot be read',
    rule: 'canonical names are chip:sides in chips (tpu-v3:4x4); aliases follow the cloud names (v3-32 counts cores, v5litepod-256 counts chips)',
    example: 'topology: tpu-v3-4-4',
    remedy: 'write chip:AxB, or choose one from `switchyard list topologies`',
  },
  E_TOPOLOGY_CHIP: {
    title: 'A slice name with an unknown chip generation',
    rule: 'names begin with v2, v3, v4, v5e, v5litepod, v5p, v6e or tpu7x',
    example: 'topology: v5x-16',
    remedy: 'use the nearest generation, which the message names',
  },
  E_TOPOLOGY_COUNT: {
    title: 'A slice name whose count has no default shape',
    rule: 'v2 to v5p count TensorCores (two per chip), v5e and v6e count chips, tpu7x is written by its sides; the sides become 1, 2 or multiples of 4',
    example: 'topology: v3-7',
    remedy: 'write the sides in chips: tpu-v3:4x4',
  },
  E_ROUTER_UNKNOWN: {
    title: 'No such router',
    rule: 'routing.router is an entry of the router registry',
    example: 'routing: {router: switch-top2}',
    remedy: 'choose one from `switchyard list routers`',
  },
  E_ROUTER_OPTION: {
    title: 'An option that the router does not have, or a value that it cannot be',
    rule: 'routing.options holds options of routing.router, each within its range and fit for model.experts and the load: groups divide the experts, a vocabulary holds the ids of synthetic tokens',
    example: 'routing: {router: topk, options: {topk: 4}}',
    remedy: 'see the options and their ranges with `switchyard explain <router>`',
  },
  E_ROUTER_INPUT: {
    title: 'A tensor that a router cannot work on',
    rule: 'sizes fit, every tensor that the router reads is given, its numbers are finite, and experts exist',
    example: 'a logit that is NaN',
    remedy: 'correct the tensor that is handed to the router; the message names argument, token, bound and value',
  },
  E_CAPACITY_RULE_UNKNOWN: {
    title: 'No such capacity rule',
    rule: 'routing.capacityRule is an entry of the registry of capacity rules',
    example: 'routing: {capacityRule: mtf}',
    remedy: 'choose one from `switchyard list capacity-rules`',
  },
  E_GROUP_RULE_UNKNOWN: {
    title: 'No such group rule',
    rule: 'routing.groupRule is an entry of the registry of group rules',
    example: 'routing: {groupRule: per-device}',
    remedy: 'choose one from `switchyard list group-rules`',
  },
  E_METRIC_UNKNOWN: {
    title: 'No such metric',
    rule: 'the keys under `assert:` are names of metrics',
    example: 'assert: {dropRate: {max: 0.1}}',
    remedy: 'choose one from `switchyard list metrics`',
  },
  E_NAME_UNKNOWN: {
    title: 'Nothing of that name can be explained or listed',
    rule: '`explain` knows metrics, codes, routers, capacity rules, collectives, network models, chips and models',
    example: 'switchyard explain stepSecond',
    remedy: 'use the nearest name, which the message gives, or see `switchyard list`',
  },
} as const satisfies Record<string, IssueCode>;

/** Rules across several keys of a scenario. */
const RULES = {
  E_TOPOLOGY_SHAPE: {
    title: 'A slice shape that the chip cannot form',
    rule: 'one whole side of at least 1 per dimension of the interconnect',
    example: 'topology: tpu-v3:4x4x4',
    remedy: 'give as many sides as the chip has dimensions',
  },
  E_TOPOLOGY_POD: {
    title: 'A slice larger than the pod',
    rule: 'the sides of a slice fit into the sides of the pod of that generation',
    example: 'topology: tpu-v3:64x4',
    remedy: 'choose smaller sides',
  },
  E_WRAP: {
    title: 'Wrap-around given for the wrong number of sides',
    rule: 'topology.wrap is auto, open, closed, or one true/false per side of the shape',
    example: 'topology: {chip: tpu-v3, shape: [4, 4], wrap: [true]}',
    remedy: 'write one true/false per side',
  },
  E_SLOW_DEVICE: {
    title: 'A slow or late device that the slice does not have, or that is named twice',
    rule: 'device numbers run from 0 to devices - 1, each at most once; factor is at least 1, and 1.1 takes 10 % longer',
    example: 'topology: {chip: tpu-v3, shape: [4, 4], slowDevices: [{device: 32, factor: 1.1}]}',
    remedy: 'number devices as chip * devicesPerChip + core',
  },
  E_GROUPS: {
    title: 'Tokens cannot be cut into routing groups',
    rule: 'the number of groups must divide the tokens of a layer and be a multiple of routing.groupsMultipleOf, which must itself be a multiple of the devices that hold different tokens x microbatches',
    example: 'routing: {groupsMultipleOf: 24} over data: 32',
    remedy: 'leave routing.groupsMultipleOf at auto, or make sequences x length a multiple of it',
  },
  E_CAPACITY: {
    title: 'A capacity factor that leaves experts without slots',
    rule: 'routing.capacityFactor must be above 0 and give every expert at least one slot per group',
    example: 'routing: {capacityFactor: 0}',
    remedy: 'raise routing.capacityFactor or routing.groupTokens',
  },
  E_TOP_K: {
    title: 'A router that chooses more experts than the model has',
    rule: "model.experts must be at least the router's choices per token",
    example: 'model: {..., experts: 1} with routing: {router: gshard-top2}',
    remedy: 'add experts, lower the option that asks for them (topK, maxExperts), or choose a router with fewer choices',
  },
  E_EMULATE: {
    title: 'More is to be routed than the workload has',
    rule: 'emulate.tokens and emulate.layers are `all` or at most what the workload has',
    example: 'emulate: {layers: 40} for a model with 12 Switch layers',
    remedy: 'write `all`, or a smaller number',
  },
  E_EMULATE_MEMORY: {
    title: 'The emulation does not fit in memory',
    rule: 'tensors and counters of all threads share one WebAssembly memory of at most 4 GiB',
    example: 'emulate: {verifyShare: 1} for a large model',
    remedy:
      'lower emulate.verifyShare, emulate.tokens or routing.groupTokens, or use fewer threads; lower routing.capacityFactor where slots take most of it',
  },
  E_ROUTER_LOAD: {
    title: 'A router and a load that do not go together',
    rule: 'the router `trace` needs recorded choices; routers that fix the load of every expert (expert-choice, base) need scores, not choices',
    example: 'routing: {router: expert-choice} with load: {kind: zipf}',
    remedy: 'change routing.router or load.kind',
  },
  E_NOT_FINITE: {
    title: 'An activation, a router weight or a logit is NaN or infinite',
    rule: 'NaN compares with nothing, so a router that met it would quietly send the token to its first expert; layer, device and token are named instead',
    example: 'an activation that overflowed bf16 in the layer before',
    remedy: 'look at what was computed before the layer that is named',
  },
  E_LOAD_FIT: {
    title: 'A named load that cannot keep its promise under this model, layout and router',
    rule: 'a token chooses an expert at most once, so one expert takes at most 1/k of the choices; experts and devices that are named must exist, and what differs between devices needs several',
    example: 'load: {kind: hot-expert, share: 0.6} with routing: {router: gshard-top2}',
    remedy: 'lower load.share, or choose another expert or device; see `switchyard explain hot-expert`',
  },
  E_TRACE: {
    title: 'A recording of expert choices that cannot be read',
    rule: 'CSV with the header layer,token,expert; NPY of whole numbers in shape [layers, tokens] or [layers, tokens, k]; or Parquet with whole-numbered columns layer, token, expert',
    example: 'layer,token\n0,17',
    remedy: 'correct what the message names; recordings have at most 2^25 choices',
  },
  E_TRACE_RANGE: {
    title: 'A recorded choice outside the model or the workload',
    rule: 'layer counts Switch layers from 0, token counts tokens of the stack from 0, expert is below model.experts',
    example: 'expert 128 of a model with 128 experts',
    remedy: 'record with the same model, or set model.experts and workload to those of the recording',
  },
  E_TRACE_SHORT: {
    title: 'A recording without a single whole group',
    rule: 'a group counts only when every one of its tokens is recorded; at least one layer must have one',
    example: '500 recorded tokens and routing.groupTokens: 1024',
    remedy: 'record more tokens of a layer, or lower routing.groupTokens',
  },
  E_VARY: {
    title: 'A variation that cannot be applied',
    rule: 'keys under `vary:` are dotted paths of scenario keys with a list of at least one value each; at most 64 combinations',
    example: 'vary: {routing.routr: [switch-top1]}',
    remedy: 'use an existing path, and fewer values',
  },
  E_ASSERT_BOUNDS: {
    title: 'An assertion that nothing can meet',
    rule: 'an assertion has a min or a max, and min is not above max',
    example: 'assert: {mfu: {min: 0.5, max: 0.4}}',
    remedy: 'correct the bounds',
  },
} as const satisfies Record<string, IssueCode>;

/** The command line, chip files and stored results. */
const COMMANDS = {
  E_USAGE: {
    title: 'A command line that cannot be read',
    rule: 'commands, arguments and options are those of `switchyard --help`',
    example: 'switchyard run --thread 2 file.yaml',
    remedy: 'see `switchyard <command> --help`',
  },
  E_KERNELS: {
    title: 'A way to run kernels that does not work here',
    rule: 'a path that is asked for must compile on this machine, and all of its kernels must have the bits of the naive ones',
    example: 'switchyard run scenarios/tiny.yaml --kernels wasm-simd256',
    remedy: 'leave --kernels out, or name one of those that the message lists; results do not depend on it',
  },
  E_ASSERT: {
    title: 'A metric outside the bounds that the scenario asserts',
    rule: 'each entry of `assert:` names a metric with min and/or max; a miss ends with exit code 1',
    example: 'assert: {droppedTokenFraction: {max: 0.01}}',
    remedy: 'change the scenario, or the bound',
  },
  E_INFEASIBLE: {
    title: 'A slice that is too small for the model',
    rule: 'a plan rejects slices on which state and activations need more than the memory of a device; nothing fitting at all is exit code 3',
    example: 'T5-Large without recomputation on 16 chips of TPU v3',
    remedy: 'use more chips, fewer sequences, or workload.remat: full',
  },
  E_CHIP_FILE: {
    title: 'A chip file that cannot be used',
    rule: 'every number of a chip file is {value, source, asOf}, in SI units',
    example: 'hbmBytes: 32 GiB',
    remedy: 'copy topologies/chips/tpu-v3.yaml and replace the values and their sources',
  },
  E_RESULT: {
    title: 'A stored result that this version cannot read',
    rule: 'a stored file is a whole result or comparison of the schema version that the message names',
    example: 'switchyard report with a file of an older version, or one edited by hand',
    remedy: 'write the file again with this version',
  },
  E_RECORD: {
    title: 'A file of published measurements that cannot be read',
    rule: 'a JSON array of records as data/published/README.md describes them, each with an id of its own; null where the source is silent',
    example: 'switchyard validate records.json with "stepSecondsDerived": "0.64 s"',
    remedy: 'copy a record of data/published/switch-transformers.json and replace its values',
  },
  E_NOTHING_TO_COMPARE: {
    title: 'A comparison of one',
    rule: '`compare` needs a `vary:` with at least two combinations',
    example: 'switchyard compare scenarios/tiny.yaml',
    remedy: 'add `vary:`, or use `switchyard run`',
  },
} as const satisfies Record<string, IssueCode>;

export const ERROR_CODES = { ...FILES, ...SHAPES, ...NAMES, ...RULES, ...COMMANDS } as const;
