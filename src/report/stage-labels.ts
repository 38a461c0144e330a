import type { Stage } from '../program/index.ts';

const LABELS: Readonly<Record<Stage, string>> = {
  fw: 'Forward',
  recompute: 'Recomputation',
  agrad: 'Activation gradients',
  wgrad: 'Weight gradients',
  optim: 'Optimizer',
};

/** A stage in words; a name that is no stage stays as it is. */
export function stageLabel(stage: string): string {
  return Object.hasOwn(LABELS, stage) ? LABELS[stage as Stage] : stage;
}
