import { createLane } from '../../src/cluster/lane.ts';
import { openJob } from '../../src/cluster/step-kinds.ts';

/** What happens to a thread in one item, as `way:phase:item`. */
const [way, phase, item] = (process.env.FAULT ?? '').split(':');

const WAYS: Readonly<Record<string, () => void>> = {
  exit: () => process.exit(3),
  hang: () => {
    for (;;);
  },
  /** Fails after the item, when the thread is at nothing. */
  later: () => {
    setTimeout(() => {
      throw new Error('tripped');
    });
  },
};

/** A lane of the real work, but for one item. */
export default createLane((job, kernels) => {
  const opened = openJob(job, kernels);
  return (n) => {
    const step = opened(n);
    const run: typeof step.run = (...place) => {
      if (place[0] === Number(phase) && place[1] === Number(item)) WAYS[way]();
      step.run(...place);
    };
    return { ...step, run };
  };
});
