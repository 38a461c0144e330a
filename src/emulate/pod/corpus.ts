import { type Bytes, drawWords, Purpose } from '../../base/index.ts';
import { axisSize } from '../../layout/index.ts';
import type { ArenaPlan } from '../../model/index.ts';
import type { CorePlan, CorpusPlan, PodPlan } from './plan.ts';
import type { StepNumber } from './step-number.ts';

/** How long a text is, and how much of its end is never learned from. */
export interface TextSize {
  readonly bytes: Bytes;
  readonly heldOutBytes: Bytes;
}

/** Texts lie one behind the other, each with what is held out of it at its end. */
export function planCorpus(arena: ArenaPlan, texts: readonly TextSize[]): CorpusPlan {
  const all = texts.reduce((sum, { bytes }) => sum + bytes, 0);
  const { offset } = arena.allocate([Math.ceil(all / 4)], 'f32');
  let next = 0;
  const ranges = texts.map(({ bytes, heldOutBytes }) => {
    const first = next;
    next += bytes;
    const learned = bytes - heldOutBytes;
    return { learned: { first, bytes: learned }, heldOut: { first: first + learned, bytes: heldOutBytes } };
  });
  return { offset, texts: ranges };
}

/** Puts the texts that a pod was laid for into its memory. */
export function writeTexts({ corpus }: PodPlan, buffer: ArrayBufferLike, texts: readonly Uint8Array[]): void {
  for (const [index, text] of texts.entries()) {
    new Uint8Array(buffer, corpus.offset + corpus.texts[index].learned.first, text.length).set(text);
  }
}

const WORD_RANGE = 0x1_0000_0000;

/**
 * Which text a sequence is of, and where in it that begins: anywhere, wherever it is read. Each step draws its own sequences, from all texts equally often; batches of held-out
 * text are the same in every evaluation, each text in its turn.
 */
export function placeOfSequence(
  { request, corpus }: PodPlan,
  { step, training }: Pick<StepNumber, 'step' | 'training'>,
  sequence: number,
): { text: number; first: number } {
  const drawn = new Uint32Array(4);
  drawWords(drawn, { seed: request.seed, purpose: Purpose.textPlace, step, layer: training ? 0 : 1, token: sequence }, 0);
  const share = (word: number): number => drawn[word] / WORD_RANGE;
  const text = training ? Math.floor(share(1) * corpus.texts.length) : (step * request.sequences + sequence) % corpus.texts.length;
  const { learned, heldOut } = corpus.texts[text];
  const range = training ? learned : heldOut;
  return { text, first: range.first + Math.floor(share(0) * (range.bytes - request.sequenceLength)) };
}

/** The words of a core's sequences, and those behind them. */
export function readText(plan: PodPlan, buffer: ArrayBufferLike, number: StepNumber, core: CorePlan): void {
  const { model, layout, sequenceLength } = plan.request;
  const { tokens } = core;
  const [ids, targets, places] = [core.ids, core.targets, core.places].map((list) => new Int32Array(buffer, list, tokens));
  const words = model.vocab / axisSize(layout, 'tensor');
  const whole = core.words === null ? null : new Int32Array(buffer, core.words, tokens);
  const domains = core.domains === null ? null : new Int32Array(buffer, core.domains, tokens);
  const local = (word: number): number => (word >= core.firstWord && word < core.firstWord + words ? word - core.firstWord : -1);
  for (let sequence = 0; sequence < tokens / sequenceLength; sequence++) {
    const { text: domain, first } = placeOfSequence(plan, number, core.firstSequence + sequence);
    domains?.fill(domain, sequence * sequenceLength, (sequence + 1) * sequenceLength);
    const text = new Uint8Array(buffer, plan.corpus.offset + first, sequenceLength + 1);
    for (let place = 0; place < sequenceLength; place++) {
      const at = sequence * sequenceLength + place;
      ids[at] = local(text[place]);
      if (whole !== null) whole[at] = text[place];
      targets[at] = local(text[place + 1]);
      places[at] = place;
    }
  }
}
