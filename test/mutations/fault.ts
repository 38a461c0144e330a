/** A deliberate fault: one text of one source file replaced by another, and the test that must notice. */
export interface Fault {
  readonly name: string;
  /** What the fault does, in words for people. */
  readonly what: string;
  /** Path from the top of the project. */
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly from: string;
  readonly to: string;
  readonly caughtBy: {
    readonly file: string;
    /** Start of the full name of the test: its describes and its own name, with a space between. */
    readonly test: string;
  };
}
