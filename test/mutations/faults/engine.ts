import type { Fault } from '../fault.ts';

const WAYS = 'test/engine/ways.test.ts';
const FOLDING = 'test/engine/folding.test.ts';
const SWEPT = 'a sweep is the order of time wherever it can be made';

/** Faults in the simulation of a step, and in the ways that save it most of the work. */
export const ENGINE_FAULTS: readonly Fault[] = [
  {
    name: 'late-device-folded',
    what: 'one device stands for all although one of them starts later',
    file: 'src/engine/fold.ts',
    from: '[slowdown, start, ...rows.map',
    to: '[slowdown, start.subarray(0, 1), ...rows.map',
    caughtBy: { file: FOLDING, test: 'one device stands for all not where a device is slow, late or uneven' },
  },
  {
    name: 'links-of-any-past',
    what: 'links are of one class if one plan uses them alike, whatever the others do',
    file: 'src/engine/link-classes.ts',
    from: 'const before = classOf[links[i]];',
    to: 'const before = 0 * classOf[links[i]];',
    caughtBy: {
      file: FOLDING,
      test: 'one device stands for all not where groups of one plan meet the full and the half full links of another',
    },
  },
  {
    name: 'class-that-one-group-misses',
    what: 'groups are alike although one crosses links that no other has',
    file: 'src/engine/link-classes.ts',
    from: 'if (group > 0 && left !== 0) return null;',
    to: 'if (group > 0 && left > crossed) return null;',
    caughtBy: {
      file: FOLDING,
      test: 'one device stands for all not where one group crosses what another crosses, and a link more that is shared',
    },
  },
  {
    name: 'sweep-past-meetings',
    what: 'a sweep goes on where two transfers meet on a link',
    file: 'src/engine/sweep.ts',
    from: 'if (freeFrom[link] > now) return -1;',
    to: 'if (freeFrom[link] > now + 1e12) return -1;',
    caughtBy: { file: WAYS, test: SWEPT },
  },
  {
    name: 'first-member-begins-the-run',
    what: 'a run begins when its first member joins',
    file: 'src/engine/runs-at-work.ts',
    from: 'if (time > runs.begin[run]) runs.begin[run] = time;',
    to: 'if (joined[run] === 0) runs.begin[run] = time;',
    caughtBy: { file: WAYS, test: 'in order of time, with all devices, is what the plainest engine finds' },
  },
  {
    name: 'communication-exposed-twice',
    what: 'two collectives that move bytes at once expose the time of both',
    file: 'src/engine/idle-time.ts',
    from: 'covered += end - Math.max(begins[i], reached);',
    to: 'covered += end - Math.max(begins[i], from);',
    caughtBy: { file: WAYS, test: 'in order of time, with all devices, is what the plainest engine finds' },
  },
  {
    name: 'idle-time-looks-one-task-back',
    what: 'a collective behind the one that a computation needs does not count as exposed',
    file: 'src/engine/idle-time.ts',
    from: 'if (add(needed, device, since)) addNeeded(needed, device, since);',
    to: 'add(needed, device, since);',
    caughtBy: { file: WAYS, test: 'in order of time, with all devices, is what the plainest engine finds' },
  },
  {
    name: 'stream-runs-ahead',
    what: 'a device computes on although an event must still tell of the end before',
    file: 'src/engine/compute-streams.ts',
    from: 'if (mustTell[device] === 1) return;',
    to: 'if (mustTell[device] === 2) return;',
    caughtBy: { file: WAYS, test: 'in order of time, with all devices, is what the plainest engine finds' },
  },
  {
    name: 'bytes-of-one-group',
    what: 'folded, the groups but the first carry nothing',
    file: 'src/engine/link-use.ts',
    from: 'ended[plan][isFolded ? 0 : group]',
    to: 'ended[plan][group]',
    caughtBy: { file: WAYS, test: 'one device for all is every device wherever devices and groups are equal' },
  },
  {
    name: 'jitter-by-device',
    what: 'a device jitters all its computations alike',
    file: 'src/program/jitter.ts',
    from: 'finalize(key ^ Math.imul(task + 1, GOLDEN))',
    to: 'finalize(key ^ Math.imul(0 * task + 1, GOLDEN))',
    caughtBy: { file: 'test/program/durations.test.ts', test: 'jitter depends on every bit of seed, device and task' },
  },
  {
    name: 'slow-copies',
    what: 'a slow device copies to the host more slowly too',
    file: 'src/program/durations.ts',
    from: 'if (kind[task] !== TaskKind.compute) return 1;',
    to: 'if (kind[task] !== TaskKind.compute) return slowdown[device];',
    caughtBy: { file: 'test/program/durations.test.ts', test: 'durations a computation is slowed down and jittered' },
  },
];
