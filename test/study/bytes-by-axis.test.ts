import { describe, expect, it } from 'vitest';
import { closedForm } from '../../src/analytic/index.ts';
import { parseScenario } from '../../src/intake/index.ts';
import type { Program } from '../../src/program/index.ts';
import { simulateStep } from '../../src/study/index.ts';

/**
 * Bytes that one device sends in a step, by hand, against the program, the closed form and the links of the engine.
 *
 * The model: 4 layers, d = 256, 8 heads of 32, three matrices of 1,024, 512 words, output apart from the embedding; 64 sequences of 128 tokens;
 * activations, gathered weights and gradients of 2 bytes, weights of 4. Elements:
 *   attention 4 x 256 x 256 + norm 256 = 262,400        feed-forward 3 x 256 x 1,024 + norm 256 = 786,688
 *   embedding 512 x 256 + last norm 256 = 131,328       output 256 x 512 = 131,072
 *   all P = 131,328 + 4 x 1,049,088 + 131,072 = 4,458,752
 * Sent by one of n: all-gather, reduce-scatter and all-to-all of B bytes B (n-1)/n, all-reduce 2 B (n-1)/n.
 * The embedding is gathered for the forward pass alone; everything else twice.
 */
interface Row {
  readonly layout: string;
  readonly slice: string;
  readonly keys: string;
  readonly experts?: boolean;
  /** Heads of keys and values; 8 when absent. */
  readonly kvHeads?: number;
  readonly sent: Readonly<Record<string, number>>;
}

const ROWS: readonly Row[] = [
  {
    layout: 'data 8',
    slice: 'tpu-v5e:2x4',
    keys: 'ici: {data: 8}',
    // 2 x 2 P x 7/8
    sent: { 'gradient reduction': 15_605_632 },
  },
  {
    layout: 'fsdp 8',
    slice: 'tpu-v5e:2x4',
    keys: 'ici: {fsdp: 8}',
    // 2 (2 P - 131,328) x 7/8 and 2 P x 7/8
    sent: { 'weight gather': 15_375_808, 'gradient reduction': 7_802_816 },
  },
  {
    layout: 'tensor 8',
    slice: 'tpu-v5e:2x4',
    keys: 'ici: {tensor: 8}, tensorActivations: whole',
    // x is 2 x 8,192 x 256 = 4,194,304 bytes; all-reduced after embedding, 4 attentions and 4 feed-forward layers, and on the way back before
    // each of the 8 and before the logits: 18 x 2 x 7/8 x; maxima and sums of 8,192 tokens, 8 bytes each: 2 x 7/8 x 65,536.
    sent: { 'tensor all-reduce': 132_120_576 + 114_688 },
  },
  {
    layout: 'fsdp 4 x tensor 2',
    slice: 'tpu-v5e:2x4',
    keys: 'ici: {fsdp: 4, tensor: 2}, tensorActivations: whole',
    // Nine norms are whole on both members: (P - 2,304) / 2 + 2,304 = 2,230,528 elements, 65,792 of them the embedding's.
    // 2 (2 x 2,230,528 - 65,792) x 3/4; 2 x 2,230,528 x 3/4; x is 2 x 2,048 x 256: 18 x + 8 x 2,048.
    sent: { 'weight gather': 6_592_896, 'gradient reduction': 3_345_792, 'tensor all-reduce': 18_874_368 + 16_384 },
  },
  {
    layout: 'tensor 8 of two heads of keys and values',
    slice: 'tpu-v5e:2x4',
    keys: 'ici: {tensor: 8}, tensorActivations: whole',
    kvHeads: 2,
    // As above; and a head of keys and values is on four members, each with the gradient of its own queries: 256 x (32 + 32) elements of 2 bytes in
    // 4 layers, all-reduced over four: 2 x 3/4 x 131,072.
    sent: { 'tensor all-reduce': 132_120_576 + 114_688, 'gradient reduction': 196_608 },
  },
  {
    layout: 'fsdp 2 x tensor 4 of two heads of keys and values',
    slice: 'tpu-v5e:2x4',
    keys: 'ici: {fsdp: 2, tensor: 4}, tensorActivations: whole',
    kvHeads: 2,
    // Elements of a device: queries and output 2 x 65,536 / 4, one head of keys and values 16,384, feed-forward 786,432 / 4, norms 512: 246,272 in each of 4
    // layers; embedding and output 2 x 131,072 / 4, last norm 256: 1,050,880, of which the embedding has 33,024.
    // 2 (2 x 1,050,880 - 33,024) / 2; 2 x 1,050,880 / 2; half of 4 x 16,384 over two: 2 x 32,768 x 2 x 1/2. x is 2 x 4,096 x 256: 18 x 2 x 3/4 x;
    // 2 x 3/4 x 8 x 4,096.
    sent: { 'weight gather': 2_068_736, 'gradient reduction': 1_050_880 + 65_536, 'tensor all-reduce': 56_623_104 + 49_152 },
  },
  {
    layout: 'tensor 8, activations sharded',
    slice: 'tpu-v5e:2x4',
    keys: 'ici: {tensor: 8}, tensorActivations: sharded',
    // x is 4,194,304 bytes as above. Gathered: the input of 8 sub-layers and of the logits forward; backward the same again, the gradient of the output
    // of the 8 sub-layers and of the embedding: 9 + 9 + 9 times 7/8 x. Scattered: the sum behind the embedding and 8 sub-layers, and on the way back
    // before each of the 8 and before the logits: 18 times 7/8 x. Maxima and sums as above.
    sent: { 'tensor all-gather': 99_090_432, 'tensor reduce-scatter': 66_060_288, 'tensor all-reduce': 114_688 },
  },
  {
    layout: 'fsdp 4 x tensor 2, activations sharded',
    slice: 'tpu-v5e:2x4',
    keys: 'ici: {fsdp: 4, tensor: 2}, tensorActivations: sharded',
    // Weights as where activations are whole. x is 2 x 2,048 x 256 bytes: 27 times x / 2 gathered, 18 times x / 2 scattered; 8 x 2,048.
    sent: {
      'weight gather': 6_592_896,
      'gradient reduction': 3_345_792,
      'tensor all-gather': 14_155_776,
      'tensor reduce-scatter': 9_437_184,
      'tensor all-reduce': 16_384,
    },
  },
  {
    layout: 'data 2 x fsdp 2 x tensor 2',
    slice: 'tpu-v5e:2x4',
    keys: 'ici: {data: 2, fsdp: 2, tensor: 2}, tensorActivations: whole',
    // The shard of the gradient, 2 x 2,230,528 / 2 bytes, is all-reduced over two.
    sent: { 'weight gather': 4_395_264, 'gradient reduction': 2_230_528 + 2_230_528, 'tensor all-reduce': 18_890_752 },
  },
  {
    layout: 'data 8, optimizer state sharded',
    slice: 'tpu-v5e:2x4',
    keys: 'ici: {data: 8}, zero: 1',
    // 2 P x 7/8 of gradients, 4 P x 7/8 of updated weights.
    sent: { 'gradient reduction': 7_802_816, 'weight gather': 15_605_632 },
  },
  {
    layout: 'context 8',
    slice: 'tpu-v5e:2x4',
    keys: 'ici: {context: 8}',
    // Keys and values of 64 x 128 tokens, 2 x 2 x 8,192 x 256 bytes: 7/8 of them there, and of their gradients back, in 4 layers. Weights as fsdp 8.
    sent: { 'weight gather': 15_375_808, 'gradient reduction': 7_802_816, 'context gather': 58_720_256 },
  },
  {
    layout: 'pipeline 2 x data 4, 4 microbatches',
    slice: 'tpu-v5e:2x4',
    keys: 'ici: {pipeline: 2, data: 4}, microbatches: 4',
    // x of 4 sequences is 2 x 512 x 256 bytes; a stage sends four of them. Half of the layers, with embedding or output: 2,229,376 elements on the
    // mean of the two stages, all-reduced over four.
    sent: { 'pipeline permute': 1_048_576, 'gradient reduction': 6_688_128 },
  },
  {
    layout: 'experts over data 8',
    slice: 'tpu-v5e:2x4',
    keys: 'ici: {data: 8}, expertsOver: data',
    experts: true,
    // 1,024 tokens have 8 x 160 slots of 512 bytes: 7/8 of 655,360, four times in 4 layers. The rest of the model with 4 routers of 256 x 8:
    // P - 4 x 786,432 + 8,192 = 1,321,216 elements, all-reduced; experts are nobody else's.
    sent: { 'all-to-all': 9_175_040, 'gradient reduction': 4_624_256 },
  },
  {
    layout: 'expert 4 x fsdp 2',
    slice: 'tpu-v5e:2x4',
    keys: 'ici: {expert: 4, fsdp: 2}, expertsOver: expert',
    experts: true,
    // Slots over four: 3/4 of 655,360, 16 times. The dense part over all eight: 2 (2 x 1,321,216 - 131,328) x 7/8 and 2 x 1,321,216 x 7/8;
    // two experts in 4 layers, 6,291,456 elements, over two: 2 x 2 x 1/2 and 2 x 1/2.
    sent: { 'all-to-all': 7_864_320, 'weight gather': 4_394_432 + 12_582_912, 'gradient reduction': 2_312_128 + 6_291_456 },
  },
  {
    layout: 'fsdp 4 in each of two slices, data over them',
    slice: 'tpu-v5e:2x2*2',
    keys: 'ici: {fsdp: 4}, dcn: {data: 2}',
    // 2 (2 P - 131,328) x 3/4; 2 P x 3/4, and of the shard 2 P / 4 x 2 x 1/2 between the slices.
    sent: { 'weight gather': 13_179_264, 'gradient reduction': 6_688_128 + 2_229_376 },
  },
  {
    layout: 'fsdp 4 in each of two slices and over them',
    slice: 'tpu-v5e:2x2*2',
    keys: 'ici: {fsdp: 4}, dcn: {fsdp: 2}',
    // As fsdp 8.
    sent: { 'weight gather': 15_375_808, 'gradient reduction': 7_802_816 },
  },
];

const scenarioText = ({ slice, keys, experts, kvHeads = 8 }: Row): string => `
topology: ${slice}
model: {name: hand, family: decoder, decoderLayers: 4, dModel: 256, dFf: 1024, heads: 8, kvHeads: ${kvHeads}, headDim: 32, vocab: 512, ffnMatrices: 3,
  tiedEmbeddings: false, positions: {kind: rotary}${experts === true ? ', experts: 8, dExpert: 1024, layersEvery: 1' : ''}}
layout: {${keys}, overlap: {gradients: false, weights: false}}
workload: {sequences: 64, sequenceLength: 128, optimizer: adamw, remat: none, attentionKernel: flash, embedding: gather}
routing: {router: switch-top1, dispatch: einsum, capacityFactor: 1.25, capacityRule: mesh-tf, groupRule: mesh-tf, groupTokens: 1024}
load: {kind: uniform}
`;

describe('bytes of every axis, by hand', () => {
  it.each(ROWS)('$layout', (row) => {
    const { scenario, chip } = parseScenario('hand.yaml', scenarioText(row));
    const { program, topology, trace } = simulateStep(scenario, chip, null);
    expect(sentByPart(program)).toEqual(row.sent);
    const closed: Record<string, number> = {};
    for (const { part, sentBytes } of closedForm(scenario, chip).collectives) closed[part] = (closed[part] ?? 0) + sentBytes;
    expect(closed).toEqual(row.sent);
    // What the engine moved: every byte of every plan, and no other, on the links.
    const planned = new Float64Array(topology.links.count);
    for (const { plan } of program.collectives) {
      for (const { phases } of program.plans[plan].groups) {
        for (const { links, bytes } of phases) for (let i = 0; i < links.length; i++) planned[links[i]] += bytes[i];
      }
    }
    const moved = trace.links.bytes;
    expect(moved.length).toBe(planned.length);
    for (let link = 0; link < moved.length; link++) expect(Math.abs(moved[link] - planned[link])).toBeLessThanOrEqual(1e-9 * planned[link]);
    expect(planned.some((bytes) => bytes > 0)).toBe(true);
  });
});

/** Of the mean device, by part; a collective of one stage of a pipeline is sent by the devices of that stage alone. */
function sentByPart({ collectives, plans, tasks, names, devices }: Program): Record<string, number> {
  const sent: Record<string, number> = {};
  for (const { task, plan } of collectives) {
    const part = names[tasks.part[task]];
    const members = plans[plan].groups.reduce((sum, group) => sum + group.devices.length, 0);
    sent[part] = (sent[part] ?? 0) + (plans[plan].sentBytesPerDevice * members) / devices;
  }
  return sent;
}
