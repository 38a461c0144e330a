import type { PhaseTransfer } from '../network/index.ts';
import type { Program } from '../program/index.ts';
import type { Job, PreparedPlan } from './job.ts';

/** A job of one device over classes of links, and the class of every link; -1 where a link is never used. */
export interface Folded {
  readonly job: Job;
  readonly classOf: Int32Array;
}

/**
 * One device in the place of all, or null where that is not exact. It is exact if all devices take part in all collectives and none differs in
 * speed, durations or start: then all groups of a collective begin and end every phase together. What a group sees of the others are its links.
 * Two links are of one class if, in every phase of every plan, the groups that cross one have the same shares as those that cross the other, in the
 * same order. If the links of every group of a phase are of the same classes, rates that are equal for all groups of a phase satisfy the conditions
 * of max-min fairness everywhere if they do so on one link of each class; and there is only one solution. So one group of each plan is simulated,
 * over classes in the place of links; a class that several groups of the phase cross is listed once for each of them.
 * (Classes are an equitable partition of links and phases, the fixed point of colour refinement; Grohe, Kersting, Mladenov and Selman,
 * "Dimension reduction via colour refinement", ESA 2014, theorem 1.)
 */
export function fold(program: Program, job: Job): Folded | null {
  if (!devicesAreEqual(program, job)) return null;
  const used = [...new Set(job.collectives.map(({ plan }) => plan))];
  const plans = used.map((plan) => job.plans[plan]);
  if (!plans.every((plan) => coversAll(plan, job.devices) && groupsLastEqually(plan))) return null;
  const { classOf, classes } = linkClasses(plans, job.linkCount);
  const folded: PreparedPlan[] = job.plans.map(() => ({ groupOf: Int32Array.of(0), groups: [] }));
  for (const [i, plan] of plans.entries()) {
    const phases = foldPhases(plan, classOf, classes);
    if (phases === null) return null;
    folded[used[i]] = { groupOf: Int32Array.of(0), groups: [{ devices: Uint32Array.of(0), phases }] };
  }
  return { job: { ...job, devices: 1, plans: folded, start: job.start.subarray(0, 1), linkCount: classes }, classOf };
}

function devicesAreEqual({ slowdown, start, jitter, tasks, deviceTimes }: Program, { devices }: Job): boolean {
  if (devices === 0 || (jitter !== null && jitter.share > 0)) return false;
  const rows = [...new Set(tasks.deviceRow)].filter((row) => row >= 0);
  return [slowdown, start, ...rows.map((row) => deviceTimes[row].picoseconds)].every(isConstant);
}

function isConstant(values: Float64Array): boolean {
  for (let i = 1; i < values.length; i++) if (values[i] !== values[0]) return false;
  return true;
}

function coversAll({ groupOf }: PreparedPlan, devices: number): boolean {
  for (let device = 0; device < devices; device++) if (groupOf[device] < 0) return false;
  return true;
}

function groupsLastEqually({ groups }: PreparedPlan): boolean {
  const [first] = groups;
  return groups.every(
    ({ phases }) =>
      phases.length === first.phases.length &&
      phases.every(
        ({ transfer, latency }, i) => transfer.seconds === first.phases[i].transfer.seconds && latency === first.phases[i].latency,
      ),
  );
}

/** Splits the links, phase by phase and group by group, by the shares with which they are used. */
function linkClasses(plans: readonly PreparedPlan[], linkCount: number): { readonly classOf: Int32Array; readonly classes: number } {
  const classOf = new Int32Array(linkCount).fill(-1);
  let classes = 0;
  for (const { groups } of plans) {
    for (let phase = 0; phase < groups[0].phases.length; phase++) {
      // Class before and share -> class after. Links that a second group crosses in this phase are split once more, by that.
      const after = new Map<number, Map<number, number>>();
      // Neighbours mostly go the same way, which saves looking it up.
      let lastBefore = -2;
      let lastShare = -1;
      let lastNow = -1;
      for (const { phases } of groups) {
        const { links, shares } = phases[phase].transfer;
        for (let i = 0; i < links.length; i++) {
          const before = classOf[links[i]];
          if (before === lastBefore && shares[i] === lastShare) {
            classOf[links[i]] = lastNow;
            continue;
          }
          const byShare = after.get(before) ?? new Map<number, number>();
          if (byShare.size === 0) after.set(before, byShare);
          const now = byShare.get(shares[i]) ?? classes++;
          byShare.set(shares[i], now);
          classOf[links[i]] = now;
          lastBefore = before;
          lastShare = shares[i];
          lastNow = now;
        }
      }
    }
  }
  return { classOf, classes };
}

/** The phases of one group over classes, or null where groups cross links of different classes. */
function foldPhases({ groups }: PreparedPlan, classOf: Int32Array, classes: number): PhaseTransfer[] | null {
  const folded: PhaseTransfer[] = [];
  for (const [i, { transfer, latency }] of groups[0].phases.entries()) {
    const transfers = groups.map(({ phases }) => phases[i].transfer);
    const oneLink = linkOfEachClass(transfers, classOf, classes);
    if (oneLink === null) return null;
    const links: number[] = [];
    const shares: number[] = [];
    for (const one of transfers) {
      for (let at = 0; at < one.links.length; at++) {
        const link = one.links[at];
        if (oneLink[classOf[link]] !== link) continue;
        links.push(classOf[link]);
        shares.push(one.shares[at]);
      }
    }
    const entries = { links: Uint32Array.from(links), shares: Float64Array.from(shares), bytes: new Float64Array(links.length) };
    folded.push({ transfer: { ...transfer, ...entries }, latency });
  }
  return folded;
}

/** [classes]: a link of each class that the transfers cross, -1 for others; null if one transfer crosses a class that another does not. */
function linkOfEachClass(transfers: readonly PhaseTransfer['transfer'][], classOf: Int32Array, classes: number): Int32Array | null {
  const oneLink = new Int32Array(classes).fill(-1);
  const seenBy = new Int32Array(classes).fill(-1);
  let crossed = 0;
  for (const [t, { links }] of transfers.entries()) {
    let left = crossed;
    for (const link of links) {
      const its = classOf[link];
      if (seenBy[its] === t) continue;
      seenBy[its] = t;
      if (t === 0) {
        oneLink[its] = link;
        crossed++;
      } else if (oneLink[its] < 0) return null;
      else left--;
    }
    if (t > 0 && left !== 0) return null;
  }
  return oneLink;
}
