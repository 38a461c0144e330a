/** Which step runs: random numbers are keyed by it. An evaluation reads held-out text, and its routers have no noise. */
export interface StepNumber {
  step: number;
  training: boolean;
  /** Whether the step is one that updates weights: what only looks at words drops none of them. */
  learns: boolean;
}
