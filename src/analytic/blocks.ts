/** Units of one kind that follow one another in one run of a pipeline. */
export interface UnitBlock {
  readonly kind: number;
  /** The first of them in the chain. */
  readonly first: number;
  readonly count: number;
  readonly run: number;
}

/** A chain as blocks, and as the runs of a pipeline. */
export interface ChainRuns {
  readonly blocks: readonly UnitBlock[];
  /** [runs]: the blocks of each. */
  readonly ofRun: readonly (readonly UnitBlock[])[];
  /** [runs]: the first run that has as many units of the same kinds in the same order. */
  readonly alike: readonly number[];
  /** [kinds]: units of each. */
  readonly counts: readonly number[];
}

/** [units]: kinds. Layers are in equal runs; what stands before them is in the first run, and what stands behind them in the last one. */
export function chainRuns(sequence: readonly number[], kinds: number, runs: number): ChainRuns {
  const blocks = unitBlocks(sequence, runs);
  const ofRun = Array.from({ length: runs }, (_, run) => blocks.filter((block) => block.run === run));
  const counts = Array.from({ length: kinds }, (_, kind) =>
    blocks.reduce((sum, block) => sum + (block.kind === kind ? block.count : 0), 0),
  );
  const texts = ofRun.map((own) => own.map(({ kind, count }) => `${kind}x${count}`).join(' '));
  return { blocks, ofRun, alike: texts.map((text) => texts.indexOf(text)), counts };
}

function unitBlocks(sequence: readonly number[], runs: number): UnitBlock[] {
  const blocks: UnitBlock[] = [];
  const layers = sequence.length - 2;
  let first = 0;
  for (let unit = 1; unit <= sequence.length; unit++) {
    const run = runOf(unit - 1, layers, runs);
    const goesOn = unit < sequence.length && sequence[unit] === sequence[first] && runOf(unit, layers, runs) === run;
    if (goesOn) continue;
    blocks.push({ kind: sequence[first], first, count: unit - first, run });
    first = unit;
  }
  return blocks;
}

function runOf(unit: number, layers: number, runs: number): number {
  if (runs === 1 || unit === 0) return 0;
  return unit > layers ? runs - 1 : Math.floor(((unit - 1) * runs) / layers);
}
