import type { IssueCode } from './issue-code.ts';

/** Legal but worth knowing: these stand in the result and on the page. */
export const WARNING_CODES = {
  W_WRAP_ASSUMED: {
    title: 'Sides of the slice are taken as open',
    rule: 'a side without wrap-around links doubles the time of long all-gathers and all-to-alls along it; for small slices the wiring is often unpublished',
    example: 'topology: tpu-v3:4x4 (a side closes at 32 chips; for smaller slices no source was found)',
    remedy: 'if you know the wiring, set topology.wrap to open or closed; run both to see the span',
  },
  W_JOB_SIZE: {
    title: 'The slice is larger than the largest job',
    rule: 'a pod can have more chips than one job is given: 8,960 and 6,144 on TPU v5p (docs.cloud.google.com/tpu/docs/v5p)',
    example: 'topology: tpu-v5p:16x20x28',
    remedy: 'nothing where you have the whole pod; else choose a smaller slice',
  },
  W_CLUSTERING_ASSUMED: {
    title: 'Routing was measured on synthetic tokens with an untrained router',
    rule: 'load.clustering says how much of a token is shared with its cluster; trained models balance their load and drop less',
    example: 'load: {kind: measured, clustering: default}',
    remedy: 'replace it by recorded choices: load: {kind: trace, file: ...}',
  },
  W_CAPACITY_FLOOR: {
    title: "Capacity comes from the rule's floor, not from the capacity factor",
    rule: 'most rules give every expert a minimum of slots (4 in Mesh-TensorFlow), which dominates when experts are as many as tokens in a group',
    example: '128 experts and groups of 256 tokens at capacity factor 1.25: 2.5 slots become 4',
    remedy: 'use larger groups or fewer experts',
  },
  W_BATCH_SMALL: {
    title: 'Few tokens per device',
    rule: 'below about 1,024 tokens per device matrix products are shorter than the arrays of the chip are deep, and fixed overheads dominate',
    example: 'workload: {sequences: 32, sequenceLength: 128} on 32 devices',
    remedy: 'use more sequences or fewer devices',
  },
  W_GROUPS_UNEVEN: {
    title: 'Routing groups have another size than asked for',
    rule: 'the number of groups must divide the tokens and be a multiple of the data axis, so a group can be smaller or larger than routing.groupTokens',
    example: '116,736 decoder tokens over 32 devices make 128 groups of 912, not 114 of 1,024',
    remedy: 'nothing, or choose sequences and lengths that divide',
  },
  W_SAMPLED: {
    title: 'Routing is known for a part of the tokens or layers',
    rule: 'drops and loads are estimates, with a sampling error where the sample tells one; the rest of the step is taken to be like the part that was routed',
    example: 'emulate: {tokens: 65536, layers: 2}, or a recording of 3 of 12 layers',
    remedy: 'set emulate.tokens and emulate.layers to all, or record every layer and token',
  },
  W_EMULATE_BUDGET: {
    title: 'A part is routed or compared with the oracle, so that the run does not take long',
    rule: 'emulate.tokens, emulate.layers and emulate.verifyShare are chosen unless stated: as many whole groups, layers and tokens to compare as emulate.budgetSeconds allow on two cores of an assumed machine, the same on every machine',
    example: 'DeepSeek-V3 on 4 million tokens: 58 layers of 256 experts',
    remedy: 'nothing, or raise emulate.budgetSeconds, or write all',
  },
  W_UNUSED: {
    title: 'Keys that do nothing here',
    rule: 'a dense model has no routing and no expert load; dropless dispatch has no slots, hence no capacity factor and no capacity rule; some routers fix their slots themselves, and one capacity rule is a constant; rounds beyond the number of experts try nobody; an interleaved pipeline with one chunk of layers per stage is 1f1b',
    example: 'model: {preset: t5-base} with routing: {capacityFactor: 2}',
    remedy: 'remove the keys',
  },
  W_EXPERT_CHOICE_CAUSAL: {
    title: 'Experts choose tokens in a decoder',
    rule: 'an expert takes its best tokens of a whole group, so whether it takes one depends on later ones (Zhou et al. 2022, section 5)',
    example: 'routing: {router: expert-choice} for a model with decoder layers',
    remedy: 'use a router whose tokens choose, or take the run as one of training alone',
  },
  W_CHOICES_GIVEN: {
    title: 'A rule of the router does not apply to choices that are given',
    rule: 'a load that is drawn, recorded or named gives experts without scores; they are seated choice by choice in token order, so priorities, rounds of rerouting, and policies or thresholds that decide which choices ask are not followed',
    example: 'routing: {router: no-token-left-behind} with load: {kind: uniform}, which drops what switch-top1 drops',
    remedy: 'use load: {kind: measured}, or a router without such a rule',
  },
  W_DOES_NOT_FIT: {
    title: 'The step does not fit into device memory',
    rule: 'hbmPeakBytes is above hbmCapacityBytes; its times are those of a device with enough memory. Such a step is refused (E_MEMORY) unless ignoreMemory is set, or unless it is so near to fitting that only the run tells; then the exit code is 3',
    example: '65,536 sequences on one chip',
    remedy: 'use more chips, fewer sequences, or workload.remat: full',
  },
  W_DROP_RATE: {
    title: 'Many tokens are dropped',
    rule: 'above 20 % of dropped tokens nobody trains; a dropped token passes a Switch layer unchanged',
    example: 'a capacity factor of 1.0 on strongly clustered tokens',
    remedy: 'raise routing.capacityFactor or routing.groupTokens, or look at the load',
  },
  W_KERNELS_DIFFER: {
    title: 'The fast kernels of this machine do not give the bits of the oracle',
    rule: 'every value of the expert feed-forward that is compared must be equal bit by bit',
    example: 'an engine that fuses multiply and add',
    remedy: 'do not trust the routing measured on this machine; report it with the Node version and processor',
  },
  W_CHOICES_LOST: {
    title: 'Many choices of a top-k router found no slot',
    rule: 'a token is dropped only when it loses all of its choices; losing one of two is not a drop, but costs its share of the output; where many tokens are dropped, W_DROP_RATE stands alone',
    example: 'gshard-top2 at capacity factor 1.0 under a rule that ignores k: as many slots as tokens, twice as many requests',
    remedy: 'raise routing.capacityFactor, or choose a capacityRule that counts choices (v-moe, deepspeed, maxtext)',
  },
  W_PADDING: {
    title: 'Places for tokens are filled with padding',
    rule: 'attention, routers and slots are computed for padding too, and examples/s, tokens/s and dollars per token count it as tokens; padding asks for no expert, so choices, drops and the experts in MFU leave it out',
    example: 'load: {kind: source-ragged, least: 0.1}',
    remedy: 'nothing, or divide tokens/s by the share of places that hold tokens',
  },
  W_VERIFIED_LESS: {
    title: 'Fewer tokens were compared with the oracle than asked for',
    rule: 'tokens come from the batches of one expert per device; when these hold too few kept tokens, the share stays below emulate.verifyShare',
    example: 'emulate: {verifyShare: 0.9}',
    remedy: 'ask for a smaller share',
  },
  W_VARY_IGNORED: {
    title: 'Only the base values were run',
    rule: '`run` does not read `vary:`, `compare` does',
    example: 'switchyard run scenarios/top1-vs-top2.yaml',
    remedy: 'use `switchyard compare` for the variations',
  },
} as const satisfies Record<string, IssueCode>;
