import type { Step, Tensor } from '../../block.ts';
import type { Stage } from '../../program.ts';
import type { SwitchNumbers } from '../switch-numbers.ts';

/** One way of bringing tokens to their experts and back, by what one device computes and keeps for it. */
export interface Dispatch {
  /** From the chosen experts to what is sent. */
  readonly send: (n: SwitchNumbers) => Step[];
  /** What the receiver does with arrived rows before its experts run, and with their outputs before they go back; forward and backward alike. */
  readonly regroup: (n: SwitchNumbers, stage: Stage) => Step[];
  /** From what comes back to the tokens. */
  readonly combine: (n: SwitchNumbers) => Step[];
  /** The gradients of `combine` and of `send`. */
  readonly combineBackward: (n: SwitchNumbers) => Step[];
  readonly sendBackward: (n: SwitchNumbers) => Step[];
  /** Element-wise work from the gradients of the dispatch to those of the chosen weights. */
  readonly weightGradients: (n: SwitchNumbers) => { readonly vectorOps: number; readonly hbmBytes: number };
  /** What says where each choice went, from forward to backward. */
  readonly routes: (n: SwitchNumbers) => Tensor;
  /** Beside the buffers of tokens, while a pass runs. */
  readonly workingForward: (n: SwitchNumbers) => Tensor[];
  readonly workingBackward: (n: SwitchNumbers) => Tensor[];
}
