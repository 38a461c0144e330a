import { describe, it } from 'vitest';
import { type Case, DECODER, expectIssues, GOOD } from './wrong.ts';

const WRONG: readonly Case[] = [
  [
    'slices that the axes over slices do not cover',
    'topology: tpu-v3:4x4*2\nmodel: {preset: t5-base}\nlayout: {dcn: {data: 4}}\n',
    ['3:15 E_LAYOUT_PRODUCT layout.dcn', 'use data 2, or sizes that divide 2'],
  ],
  [
    'an axis over slices that exchanges too much',
    'topology: tpu-v3:4x4*2\nmodel: {preset: t5-base}\nlayout: {dcn: {tensor: 2}}\n',
    ['3:24 E_LAYOUT_DCN layout.dcn.tensor', 'use layout.ici.tensor'],
  ],
  [
    'a tensor axis that does not divide the heads',
    `${GOOD}layout: {ici: {data: -1, tensor: 8}}\n`,
    ['3:34 E_AXIS_DIVIDES layout.ici.tensor', 'a tensor axis of 4'],
  ],
  [
    'a tensor axis over slices, where none of its sizes would do',
    'topology: tpu-v3:4x4*2\nmodel: {preset: t5-base}\nlayout: {ici: {tensor: 32}, dcn: {tensor: 2}}\n',
    ['3:24 E_AXIS_DIVIDES layout.ici.tensor', 'a smaller tensor axis'],
    ['3:43 E_LAYOUT_DCN layout.dcn.tensor', 'use layout.ici.tensor'],
  ],
  [
    'a context axis that does not divide the targets',
    `${GOOD}layout: {ici: {data: -1, context: 4}}\nworkload: {targetLength: 114}\n`,
    ['4:26 E_AXIS_DIVIDES workload.targetLength', 'use 112 or 116 tokens'],
  ],
  [
    'microbatches that do not divide the batch',
    `${GOOD}layout: {microbatches: 3}\nworkload: {sequences: 1024}\n`,
    ['4:23 E_BATCH_SHARD workload.sequences', 'use 960 or 1056 sequences, or 2 or 4 microbatches'],
  ],
  [
    'a pipeline through an encoder and a decoder',
    `${GOOD}layout: {ici: {data: -1, pipeline: 2}}\n`,
    ['3:36 E_PIPELINE layout.ici.pipeline', 'tensor or fsdp'],
  ],
  [
    'a pipeline that does not divide the layers',
    `${DECODER}layout: {ici: {data: -1, pipeline: 8}}\n`,
    ['3:36 E_AXIS_DIVIDES layout.ici.pipeline', 'use 4 stages'],
  ],
  [
    'a pipeline of layers that nothing divides',
    `${DECODER.replace('12', '13')}layout: {ici: {data: -1, pipeline: 8}}\n`,
    ['3:36 E_AXIS_DIVIDES layout.ici.pipeline', 'use 1, which is no pipeline'],
  ],
  [
    'chunks that do not divide the layers of a stage',
    `${DECODER}layout: {ici: {data: -1, pipeline: 2}, microbatches: 2, pipeline: {schedule: interleaved, repeats: 4}}\n`,
    ['3:100 E_AXIS_DIVIDES layout.pipeline.repeats', 'use 3 or 6 chunks'],
  ],
  [
    'layers of a checkpoint that do not divide those of a stage',
    `${DECODER}layout: {ici: {data: -1, pipeline: 2}}\nworkload: {remat: {policy: full, layers: 4}}\n`,
    ['4:42 E_AXIS_DIVIDES workload.remat.layers', 'use 3 or 6'],
  ],
  [
    'chunks under a schedule without any',
    `${DECODER}layout: {ici: {data: -1, pipeline: 2}, pipeline: {repeats: 2}}\n`,
    ['3:60 E_PIPELINE layout.pipeline.repeats', 'schedule: interleaved'],
  ],
  [
    'interleaved stages that do not divide the microbatches',
    `${DECODER}layout: {ici: {data: -1, pipeline: 4}, pipeline: {schedule: interleaved}, microbatches: 6}\nworkload: {sequences: 960}\n`,
    ['3:89 E_AXIS_DIVIDES layout.microbatches', 'use 4 or 8'],
  ],
  [
    'experts on two axes',
    `${GOOD}layout: {ici: {data: -1, expert: 2}, expertsOver: data}\n`,
    ['3:51 E_EXPERTS_OVER layout.expertsOver', 'use expert'],
  ],
  ['a misspelt layout', `${GOOD}layout: expert-dta\n`, ['3:9 E_LAYOUT_NAME layout', 'did you mean expert-data?']],
  [
    'a layout that is said twice',
    `${GOOD}layout: {name: data, ici: {data: 32}, tensor: 2}\n`,
    ['3:22 E_LAYOUT_NAME layout.ici', 'remove it, or layout.name'],
    ['3:39 E_LAYOUT_NAME layout.tensor', 'remove it'],
  ],
  ['a size for no name', `${GOOD}layout: {tensor: 2}\n`, ['3:10 E_LAYOUT_NAME layout.tensor', 'layout.ici.tensor']],
  ['a named layout that does not divide', `${GOOD}layout: model\n`, ['3:9 E_AXIS_DIVIDES layout', 'a tensor axis of 4']],
  ['a ZeRO stage that is none', `${GOOD}layout: {zero: 4}\n`, ['3:16 E_TYPE layout.zero', 'write a value']],
  ['a misspelt schedule', `${GOOD}layout: {pipeline: {schedule: 1f1}}\n`, ['3:31 E_ENUM layout.pipeline.schedule', 'did you mean 1f1b?']],
  ['a misspelt policy', `${GOOD}workload: {remat: ful}\n`, ['3:19 E_REMAT_UNKNOWN workload.remat', 'did you mean full?']],
  [
    'a misspelt tensor',
    `${GOOD}workload: {remat: {tensors: {contxt: device}}}\n`,
    ['3:30 E_KEY_UNKNOWN workload.remat.tensors.contxt', 'did you mean context?'],
  ],
  ['nobody to learn from', `${GOOD}workload: {kind: distil}\n`, ['3:11 E_MISSING workload.teacher', 'teacher: t5-base']],
  [
    'a misspelt teacher',
    `${GOOD}workload: {kind: distil, teacher: t5-bse}\n`,
    ['3:35 E_PRESET_UNKNOWN workload.teacher', 'did you mean t5-base?'],
  ],
  [
    'a teacher of other words',
    `${GOOD}workload: {kind: distil, teacher: {preset: t5-base, vocab: 100}}\n`,
    ['3:35 E_WORKLOAD workload.teacher', 'one vocabulary'],
  ],
  ['a teacher of nobody', `${GOOD}workload: {teacher: t5-base}\n`, ['3:21 E_WORKLOAD workload.teacher', 'kind: distil']],
  ['numbers that the chip has not', `${GOOD}precision: {quantized: fp8}\n`, ['3:24 E_QUANTIZED precision.quantized', 'use none']],
];

describe('a wrong layout or workload', () => {
  it.each(WRONG.map((row) => [row[0], row] as const))('with %s says where and what to do', (_, row) => expectIssues(row));
});
