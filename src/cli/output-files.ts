/** What `run` leaves in its folder. No name is among those of a comparison: both may use the folder of one scenario. */
export const RUN_FILES = { page: 'index.html', result: 'result.json', trace: 'trace.perfetto-trace' } as const;

/** What `compare` leaves in its folder. */
export const COMPARISON_FILES = { page: 'comparison.html', comparison: 'comparison.json' } as const;

/** What `compare` leaves instead when it ends early: the comparison of what was finished. */
export const UNFINISHED_COMPARISON = 'comparison.partial.json';

/** What `train` leaves in its folder. */
export const TRAINING_FILES = { page: 'index.html', result: 'training.json', checkpoint: 'checkpoint.bin' } as const;

/** What `experiment` leaves in its folder, beside a folder for each variant. */
export const EXPERIMENT_FILES = { page: 'index.html', result: 'experiment.json' } as const;

/** What `collective` leaves in its folder. */
export const COLLECTIVE_FILES = { page: 'index.html', result: 'result.json' } as const;
