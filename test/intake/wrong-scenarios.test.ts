import { describe, expect, it } from 'vitest';
import { type Case, expectIssues, GOOD, issuesOf } from './wrong.ts';

const WRONG: readonly Case[] = [
  ['no topology', 'model: {preset: t5-base}\n', ['1:1 E_MISSING topology', 'topology: tpu-v3:4x4']],
  ['no model', 'topology: tpu-v3:4x4\n', ['1:1 E_MISSING model', 'model: switch-base']],
  ['an empty file', '', ['1:1 E_TYPE ', 'write a value']],
  ['a list', '- a\n- b\n', ['1:1 E_TYPE ', 'write a value']],
  ['an unclosed bracket', 'topology: tpu-v3:4x4\nmodel: {preset: t5-base\n', ['3:1 E_YAML ', 'check brackets']],
  ['a key written twice', `${GOOD}seed: 1\nseed: 2\n`, ['4:1 E_YAML ', 'keep one']],
  [
    'a misspelt key',
    `${GOOD}routing: {capacityFacter: 1}\n`,
    ['3:11 E_KEY_UNKNOWN routing.capacityFacter', 'did you mean capacityFactor?'],
  ],
  ['a misspelt required key', 'topologie: tpu-v3:4x4\nmodel: {preset: t5-base}\n', ['1:1 E_KEY_UNKNOWN topologie', 'topology?']],
  ['an unknown key at the top', `${GOOD}__proto__: {a: 1}\n`, ['3:1 E_KEY_UNKNOWN __proto__', 'known keys here: name,']],
  [
    'a key that hides in groups which take any',
    `${GOOD}layout: {maxtext: {__proto__: 3, ici_data_parallelism: 32}}\nvary: {__proto__: [1, 2]}\nassert: {__proto__: {max: 1}}\n`,
    ['3:20 E_KEY_UNKNOWN layout.maxtext.__proto__', 'remove it'],
    ['4:8 E_KEY_UNKNOWN vary.__proto__', 'remove it'],
    ['5:10 E_KEY_UNKNOWN assert.__proto__', 'remove it'],
  ],
  ['a word for a number', `${GOOD}workload: {sequences: many}\n`, ['3:23 E_TYPE workload.sequences', 'write a value']],
  ['a number in quotes', `${GOOD}workload: {sequences: "32"}\n`, ['3:23 E_TYPE workload.sequences', 'write 32 without quotes']],
  ['bytes in place of a name', 'topology: !!binary "aGVsbG8="\nmodel: {preset: t5-base}\n', ['1:20 E_YAML ', 'remove the tag']],
  ['a tag that nobody knows', `${GOOD}workload: {sequences: !!js/function 3}\n`, ['3:37 E_YAML ', 'remove the tag']],
  ['groups within groups', `a: ${'['.repeat(9000)}${']'.repeat(9000)}\n`, ['1:1 E_NESTING ', 'write the values out']],
  ['a broken number', `${GOOD}workload: {sequences: 1.5}\n`, ['3:23 E_TYPE workload.sequences', 'write a value']],
  ['a number that is not one', `${GOOD}routing: {capacityFactor: .nan}\n`, ['3:27 E_TYPE routing.capacityFactor', 'write a value']],
  ['no sequences', `${GOOD}workload: {sequences: 0}\n`, ['3:23 E_RANGE workload.sequences', 'use at least 1']],
  [
    'more sequences than numbers are exact for',
    `${GOOD}workload: {sequences: 1e300}\n`,
    ['3:23 E_RANGE workload.sequences', 'use at most 4194304'],
  ],
  ['fewer than numbers are exact for', `${GOOD}workload: {sequences: -1e300}\n`, ['3:23 E_RANGE workload.sequences', 'use at least 1']],
  ['a number for a file', 'topology: tpu-v3:4x4\nmodel: {huggingFace: 3}\n', ['2:22 E_TYPE model.huggingFace', 'write a value']],
  ['a number for a preset', 'topology: tpu-v3:4x4\nmodel: {preset: 3}\n', ['2:17 E_TYPE model.preset', 'write a value']],
  ['a negative seed', `${GOOD}seed: -1\n`, ['3:7 E_RANGE seed', 'use at least 0']],
  ['a misspelt word', `${GOOD}workload: {optimizer: adafactr}\n`, ['3:23 E_ENUM workload.optimizer', 'did you mean adafactor?']],
  ['a misspelt all', `${GOOD}emulate: {tokens: al}\n`, ['3:19 E_ENUM emulate.tokens', 'did you mean all?']],
  ['an unknown kind of load', `${GOOD}load: {kind: guessed}\n`, ['3:14 E_ENUM load.kind', 'use one of these']],
  [
    'a hot expert that is too hot for two choices',
    `${GOOD}routing: {router: gshard-top2}\nload: {kind: hot-expert, share: 0.6}\n`,
    ['4:33 E_LOAD_FIT load.share', 'at most 0.5'],
  ],
  ['a hot device that is not there', `${GOOD}load: {kind: hot-rank, device: 32}\n`, ['3:32 E_LOAD_FIT load.device', 'use 0 to 31']],
  ['an option of another load', `${GOOD}load: {kind: balanced, share: 0.5}\n`, ['3:24 E_KEY_UNKNOWN load.share', 'known keys here: kind']],
  ['a load without kind', `${GOOD}load: {clustering: strong}\n`, ['3:7 E_MISSING load.kind', 'add kind']],
  ['a name that leaves the folder', `name: ../up\n${GOOD}`, ['1:7 E_FORMAT name', 'write it in that form']],
  ['a misspelt model as text', 'topology: tpu-v3:4x4\nmodel: switch-bse\n', ['2:8 E_PRESET_UNKNOWN model', 'did you mean switch-base?']],
  ['a list of models', 'topology: tpu-v3:4x4\nmodel: [switch-base]\n', ['2:8 E_TYPE model', 'write a value']],
  [
    'an unknown preset',
    'topology: tpu-v3:4x4\nmodel: {preset: switch-bse}\n',
    ['2:17 E_PRESET_UNKNOWN model.preset', 'did you mean switch-base?'],
  ],
  [
    'inline dimensions with a gap',
    'topology: tpu-v3:4x4\nmodel: {family: decoder, dModel: 64, dFf: 64, heads: 4, vocab: 9}\n',
    ['2:8 E_MISSING model.decoderLayers', 'add model.decoderLayers'],
  ],
  ['heads that do not divide', 'topology: tpu-v3:4x4\nmodel: {preset: t5-base, heads: 7}\n', ['2:33 E_RANGE model.heads', 'state headDim']],
  [
    'a decoder with an encoder',
    'topology: tpu-v3:4x4\nmodel: {preset: t5-base, family: decoder}\n',
    ['2:8 E_MODEL_LAYERS model.encoderLayers', 'model.family'],
  ],
  [
    'no Switch layer',
    'topology: tpu-v3:4x4\nmodel: {preset: switch-base, layersEvery: 20}\n',
    ['2:43 E_MODEL_LAYERS model.layersEvery', 'at most 12'],
  ],
  ['an unreadable slice', 'topology: tpu-v3-4-4\nmodel: {preset: t5-base}\n', ['1:11 E_TOPOLOGY_NAME topology', 'tpu-v3-4x4']],
  ['a count without shape', 'topology: v3-7\nmodel: {preset: t5-base}\n', ['1:11 E_TOPOLOGY_COUNT topology', 'tpu-v3:4x4']],
  ['an unknown generation', 'topology: v5x-16\nmodel: {preset: t5-base}\n', ['1:11 E_TOPOLOGY_CHIP topology', 'did you mean v5']],
  [
    'an unknown chip',
    'topology: {chip: tpu-v33, shape: [4, 4]}\nmodel: {preset: t5-base}\n',
    ['1:18 E_CHIP_UNKNOWN topology.chip', 'did you mean tpu-v3?'],
  ],
  [
    'too many sides',
    'topology: {chip: tpu-v3, shape: [4, 4, 4]}\nmodel: {preset: t5-base}\nlayout: {ici: {data: 128}}\n',
    ['1:11 E_TOPOLOGY_SHAPE topology', '4x4'],
  ],
  [
    'a slice beyond the pod',
    'topology: tpu-v3:64x32\nmodel: {preset: t5-base}\nlayout: {ici: {data: 4096}}\nworkload: {sequences: 4096}\n',
    ['1:11 E_TOPOLOGY_POD topology', 'smaller sides'],
  ],
  [
    'a slice of more devices than can be counted through',
    'topology: tpu-v3:100000x100000\nmodel: {preset: switch-base}\nlayout: {ici: {data: -1}, expertsOver: data}\n',
    ['1:11 E_TOPOLOGY_POD topology', 'smaller sides'],
  ],
  [
    'more slices than can be counted through',
    'topology: tpu-v3:4x4*1000000000\nmodel: {preset: switch-base}\nlayout: {ici: {data: 32}, dcn: {expert: -1}}\n',
    ['1:11 E_SLICES topology.slices', 'one slice'],
  ],
  ['a number that cannot be counted to', `${GOOD}seed: 99999999999999999999\n`, ['3:7 E_RANGE seed', 'use at most 4294967295']],
  [
    'wrap for one side of two',
    'topology: {chip: tpu-v3, shape: [4, 4], wrap: [true]}\nmodel: {preset: t5-base}\n',
    ['1:47 E_WRAP topology.wrap', 'one per side'],
  ],
  ['wires without a chip', 'topology: torus:4x4x4\nmodel: {preset: t5-base}\n', ['1:11 E_GRID_CHIP topology', 'tpu-v5p:4x4x4']],
  [
    'a twist of a cube',
    'topology: tpu-v4:4x4x4_twisted\nmodel: {preset: t5-base}\n',
    ['1:11 E_TWIST topology.twisted', 'choose such sides'],
  ],
  [
    'a twist with open sides',
    'topology: {chip: tpu-v4, shape: [4, 4, 8], wrap: open, twisted: true}\nmodel: {preset: t5-base}\n',
    ['1:65 E_TWIST topology.twisted', 'wrap to closed'],
  ],
  [
    'broken links between chips that are no neighbours',
    'topology: {chip: tpu-v3, shape: [4, 4], brokenLinks: [[0, 1], [0, 5], [[3, 3], [3, 2]], [15, 16]]}\nmodel: {preset: t5-base}\n',
    ['1:63 E_LINK topology.brokenLinks[1]', 'two neighbours'],
    ['1:89 E_LINK topology.brokenLinks[3]', 'chips of the slice'],
  ],
  [
    'coordinates outside the slice',
    'topology: {chip: tpu-v3, shape: [4, 4], slowLinks: [{between: [[4, 0], [3, 0]], factor: 2}]}\nmodel: {preset: t5-base}\n',
    ['1:64 E_LINK topology.slowLinks[0].between[0]', '[3,3] is the last chip'],
  ],
  [
    'a slow link that is fast',
    'topology: {chip: tpu-v3, shape: [4, 4], slowLinks: [{between: [0, 1], factor: 0.5}]}\nmodel: {preset: t5-base}\n',
    ['1:79 E_RANGE topology.slowLinks[0].factor', 'at least 1'],
  ],
  [
    'a link between three chips',
    'topology: {chip: tpu-v3, shape: [4, 4], brokenLinks: [[0, 1, 2]]}\nmodel: {preset: t5-base}\n',
    ['1:55 E_RANGE topology.brokenLinks[0]', 'at most 2'],
  ],
  [
    'broken links that cut off a corner',
    'topology: {chip: tpu-v3, shape: [4, 4], brokenLinks: [[0, 1], [0, 4]]}\nmodel: {preset: t5-base}\n',
    ['1:54 E_LINKS_CUT topology.brokenLinks', 'at least one wire'],
  ],
  [
    'a late device that is not there',
    'topology: {chip: tpu-v3, shape: [4, 4], startSkew: [{device: 32, seconds: 1}]}\nmodel: {preset: t5-base}\n',
    ['1:62 E_SLOW_DEVICE topology.startSkew[0].device', '0 to 31'],
  ],
  [
    'a duration where seconds are a number',
    'topology: {chip: tpu-v3, shape: [4, 4], startSkew: 1ms}\nmodel: {preset: t5-base}\n',
    ['1:52 E_TYPE topology.startSkew', 'startSkew: 0.001'],
  ],
  [
    'a key with its unit behind it',
    'topology: {chip: tpu-v3, shape: [4, 4], startSkewSeconds: 1}\nmodel: {preset: t5-base}\n',
    ['1:41 E_KEY_UNKNOWN topology.startSkewSeconds', 'did you mean startSkew?'],
  ],
  [
    'a chip by its short name',
    'topology: {chip: v5e, shape: [4, 4]}\nmodel: {preset: t5-base}\n',
    ['1:18 E_CHIP_UNKNOWN topology.chip', 'did you mean tpu-v5e?'],
  ],
  [
    'more jitter than there is time',
    'topology: {chip: tpu-v3, shape: [4, 4], jitter: 2}\nmodel: {preset: t5-base}\n',
    ['1:49 E_RANGE topology.jitter', 'at most 1'],
  ],
  [
    'a slow device that is not there',
    'topology: {chip: tpu-v3, shape: [4, 4], slowDevices: [{device: 0, factor: 2}, {device: 32, factor: 2}]}\nmodel: {preset: t5-base}\n',
    ['1:88 E_SLOW_DEVICE topology.slowDevices[1].device', '0 to 31'],
  ],
  [
    'a slow device that is fast',
    'topology: {chip: tpu-v3, shape: [4, 4], slowDevices: [{device: 0, factor: 0.5}]}\nmodel: {preset: t5-base}\n',
    ['1:75 E_RANGE topology.slowDevices[0].factor', 'at least 1'],
  ],
  ['two documents in one file', `${GOOD}---\n${GOOD}`, ['3:1 E_YAML ', 'one scenario per file']],
  ['an unknown dispatch', `${GOOD}routing: {dispatch: sort}\n`, ['3:21 E_ENUM routing.dispatch', 'use one of these']],
  [
    'two models at once',
    'topology: tpu-v3:4x4\nmodel: {preset: t5-base, huggingFace: config.json}\n',
    ['2:26 E_MODEL_TWICE model.huggingFace', 'keep one of them'],
  ],
  [
    'a mesh that is too small',
    `${GOOD}layout: {ici: {data: 16}}\n`,
    ['3:15 E_LAYOUT_PRODUCT layout.ici', 'use data 32, or set an axis to -1'],
  ],
  [
    'two axes that fill',
    `${GOOD}layout: {ici: {data: -1, expert: -1}}\n`,
    ['3:34 E_LAYOUT_FILL layout.ici.expert', 'give expert a number'],
  ],
  [
    'experts that do not divide',
    'topology: tpu-v3:4x4\nmodel: {preset: switch-base, experts: 100}\n',
    ['2:39 E_EXPERTS_SHARD model.experts', '96 or 128'],
  ],
  [
    'experts of a dense model',
    'topology: tpu-v3:4x4\nmodel: {preset: t5-base}\nlayout: {expertsOver: data}\n',
    ['3:23 E_EXPERTS_OVER layout.expertsOver', 'leave layout.expertsOver out'],
  ],
  ['sequences that do not divide', `${GOOD}workload: {sequences: 1000}\n`, ['3:23 E_BATCH_SHARD workload.sequences', '992 or 1024']],
  ['groups across devices', `${GOOD}routing: {groupsMultipleOf: 24}\n`, ['3:29 E_GROUPS routing.groupsMultipleOf', 'auto']],
  ['no capacity', `${GOOD}routing: {capacityFactor: 0}\n`, ['3:27 E_CAPACITY routing.capacityFactor', '1.25']],
  [
    'capacity without slots',
    `${GOOD}routing: {capacityFactor: 0.01, capacityRule: megablocks}\n`,
    ['3:27 E_CAPACITY routing.capacityFactor', 'raise'],
  ],
  ['an unknown router', `${GOOD}routing: {router: switch-top2}\n`, ['3:19 E_ROUTER_UNKNOWN routing.router', 'did you mean switch-top1?']],
  [
    'an unknown capacity rule',
    `${GOOD}routing: {capacityRule: mesh-tff}\n`,
    ['3:25 E_CAPACITY_RULE_UNKNOWN routing.capacityRule', 'mesh-tf?'],
  ],
  [
    'one expert for two choices',
    'topology: {chip: tpu-v5e, shape: [1, 1]}\nmodel: {preset: switch-base, experts: 1}\nrouting: {router: gshard-top2}\n',
    ['2:39 E_TOP_K model.experts', 'at least 2'],
  ],
  [
    'an option that the router does not have',
    `${GOOD}routing: {router: topk, options: {topk: 4}}\n`,
    ['3:41 E_ROUTER_OPTION routing.options.topk', 'did you mean topK?'],
  ],
  [
    'an option beside the name that is too large',
    `${GOOD}routing: {router: {name: topk, topK: 400}}\n`,
    ['3:38 E_ROUTER_OPTION routing.router.topK', 'leave it out for 2'],
  ],
  [
    'an option of a router without any',
    `${GOOD}routing: {router: {name: random, topK: 2}}\n`,
    ['3:40 E_ROUTER_OPTION routing.router.topK', 'remove it'],
  ],
  [
    'expert groups of unequal size',
    `${GOOD}routing: {router: {name: loss-free, expertGroups: 3}}\n`,
    ['3:51 E_ROUTER_OPTION routing.router.expertGroups', 'use 2, or another model.experts'],
  ],
  [
    'a misspelt router in a group',
    `${GOOD}routing: {router: {name: topkk}}\n`,
    ['3:19 E_ROUTER_UNKNOWN routing.router', 'did you mean topk?'],
  ],
  [
    'recorded choices without a recording',
    `${GOOD}routing: {router: trace}\n`,
    ['3:19 E_ROUTER_LOAD routing.router', 'name the file of the recording'],
  ],
  [
    'drawn choices for experts that choose',
    `${GOOD}routing: {router: expert-choice}\nload: {kind: zipf}\n`,
    ['3:19 E_ROUTER_LOAD routing.router', 'use load: {kind: measured}'],
  ],
  [
    'drawn choices for BASE',
    `${GOOD}routing: {router: base}\nload: {kind: balanced}\n`,
    ['3:19 E_ROUTER_LOAD routing.router', 'another routing.router'],
  ],
  [
    'more experts per token than there are',
    `${GOOD}routing: {router: {name: topk, topK: 64}}\nmodel: {preset: switch-base, experts: 32}\n`.replace(
      'model: {preset: switch-base}\n',
      '',
    ),
    ['3:39 E_TOP_K model.experts', 'at least 64'],
  ],
  [
    'more experts per token by default than there are',
    'topology: tpu-v3:4x4\nmodel: {preset: switch-base, experts: 4}\nlayout: {expertsOver: none}\nrouting: {router: dense-to-sparse}\n',
    ['2:39 E_TOP_K model.experts', 'use at least 8 experts, routing.options.maxExperts 4 or less, or another routing.router'],
  ],
  [
    'one expert for many choices',
    'topology: tpu-v3:4x4\nmodel: {preset: switch-base, experts: 1}\nlayout: {expertsOver: none}\nrouting: {router: loss-free}\n',
    ['2:39 E_TOP_K model.experts', 'routing.options.topK 1 or less'],
  ],
  [
    'a vocabulary smaller than that of synthetic tokens',
    `${GOOD}routing: {router: {name: hash, vocabulary: 512}}\n`,
    ['3:44 E_ROUTER_OPTION routing.router.vocabulary', 'use at least 1024'],
  ],
  ['no router', `${GOOD}routing: {router: null}\n`, ['3:19 E_TYPE routing.router', 'write a value']],
  [
    'uneven sources on one device',
    'topology: tpu-v5e:1x1\nmodel: {preset: switch-base}\nload: {kind: source-ragged}\n',
    ['3:7 E_LOAD_FIT load.least', 'use several devices'],
  ],
  ['more layers than there are', `${GOOD}emulate: {layers: 13}\n`, ['3:19 E_EMULATE emulate.layers', 'all']],
  ['an absent recording', `${GOOD}load: {kind: trace, file: nowhere.csv}\n`, ['3:27 E_FILE load.file', 'check the path']],
  ['an unknown metric', `${GOOD}assert: {mfuu: {min: 0.1}}\n`, ['3:10 E_METRIC_UNKNOWN assert.mfuu', 'did you mean mfu?']],
  ['bounds that nothing meets', `${GOOD}assert: {mfu: {min: 2, max: 1}}\n`, ['3:15 E_ASSERT_BOUNDS assert.mfu', 'exchange']],
  ['an assertion without bounds', `${GOOD}assert: {mfu: {}}\n`, ['3:15 E_ASSERT_BOUNDS assert.mfu', 'max']],
  ['a variation of nothing', `${GOOD}vary: {routing.routr: [a]}\n`, ['3:8 E_VARY vary.routing.routr', 'did you mean routing.router?']],
  [
    'a wrong value among variations',
    `${GOOD}vary: {routing.capacityFactor: [1, 0]}\n`,
    ['3:36 E_CAPACITY vary.routing.capacityFactor[1]', '1.25'],
  ],
  ['too many combinations', `${GOOD}vary: {seed: [1]}\n`, ['3:8 E_VARY vary.seed', '']],
  [
    'a wrong word for a required dimension, which is not missing for that',
    'topology: tpu-v3:4x4\nmodel: {family: dekoder, decoderLayers: 2, dModel: 8, dFf: 8, heads: 2}\n',
    ['2:8 E_MISSING model.vocab', 'add model.vocab'],
    ['2:17 E_ENUM model.family', 'did you mean decoder?'],
  ],
  ['varied chips', `${GOOD}vary: {topology: ['tpu-v3:4x4', 'tpu-v2:4x4']}\n`, ['3:33 E_VARY vary.topology[1]', 'one generation']],
];

describe('a wrong scenario', () => {
  it.each(WRONG.map((row) => [row[0], row] as const))('with %s says where and what to do', (_, row) => expectIssues(row));

  it('says everything at once, in the order of the file, rules across fields included', () => {
    const issues = issuesOf(`name: ../oops
topology: tpu-v3:4x4
model: {preset: switch-base, experts: 100}
layout: {ici: {data: 8}}
routing: {router: switch-top2, groupTokens: many}
workload: {sequences: 1001, optimizer: adafactr}
emulate: {verifyShare: 2}
assert: {dropRate: {max: 0.1}}
`);
    expect(issues.map(({ code }) => code)).toEqual([
      'E_FORMAT',
      'E_EXPERTS_SHARD',
      'E_LAYOUT_PRODUCT',
      'E_ROUTER_UNKNOWN',
      'E_TYPE',
      'E_ENUM',
      'E_RANGE',
      'E_METRIC_UNKNOWN',
    ]);
  });

  it('keeps rules quiet whose inputs are already wrong', () => {
    const codes = issuesOf(`${GOOD}layout: {ici: {dta: 32}}\nworkload: {sequences: none}\n`).map(({ code }) => code);
    expect(codes).toEqual(['E_KEY_UNKNOWN', 'E_TYPE']);
  });

  it('is refused in JSON with the same places', () => {
    const issues = issuesOf('{\n\t"topology": "tpu-v3:4x4",\n\t"model": {"preset": "nope"}\n}\n');
    expect(issues.map(({ place, code }) => `${place?.line}:${place?.column} ${code}`)).toEqual(['3:22 E_PRESET_UNKNOWN']);
  });
});
