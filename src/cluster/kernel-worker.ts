import { createLane } from './lane.ts';
import { openJob } from './step-kinds.ts';

/** What each thread of a pool runs. */
export default createLane(openJob);
