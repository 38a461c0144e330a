/**
 * Analytic: the closed-form answer for a program, beside the engine and sharing no code with it. `estimate` follows one device among equals,
 * or all where they differ, through the program and bounds the step from both sides: it equals the engine's step when no two groups meet on a link.
 */
export * from './estimate.ts';
