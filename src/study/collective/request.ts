import type { Bytes, Issue } from '../../base/index.ts';
import { type CollectiveKind, checkTraffic, type Routing } from '../../collectives/index.ts';
import type { Chip, Topology, TopologySpec } from '../../hardware/index.ts';
import type { NetworkKind } from '../../network/index.ts';
import { AXIS_LETTERS, groupSize } from './groups.ts';

/** One operation over the wires of one topology, alone on them. */
export interface CollectiveInput {
  readonly op: CollectiveKind;
  readonly network: NetworkKind;
  readonly topology: Topology;
  /** Whose file says how fast the wires are: the chip itself, or the one that a bare grid borrows from. */
  readonly speedsOf: Chip;
  /** What one device holds before the operation (after it: all-gather; the root: broadcast). Null: `traffic` is in bytes. */
  readonly bytes: Bytes | null;
  /** [members, members], row = sender: bytes, or with `bytes` parts of any scale. */
  readonly traffic: Float64Array | null;
  /** The wires' own default when null. */
  readonly routing: Routing | null;
  /** Dimensions that a group spans, in the order of its members, the first fastest; null: one group of all devices. */
  readonly axes: readonly number[] | null;
  readonly root: number | null;
  /** Every member sends to the one so many places behind it. */
  readonly shift: number | null;
  readonly chunkBytes: Bytes;
  /** As they were asked for: the topology holds their bandwidths alone. */
  readonly slowLinks: NonNullable<TopologySpec['slowLinks']>;
}

/** Operations whose bytes have several shortest ways. */
export const ROUTED: readonly string[] = ['all-to-all', 'permute'];
/** Operations that begin at one member. */
export const ROOTED: readonly string[] = ['broadcast'];
/** Operations in which every member sends to one other. */
export const SHIFTED: readonly string[] = ['permute'];

/** Everything that does not go together; empty when the operation can run. Paths are those of the command line. */
export function checkCollective(input: CollectiveInput): Issue[] {
  const { topology, axes } = input;
  const wrongAxes = axes === null ? [] : checkAxes(topology, axes);
  if (wrongAxes.length > 0) return [...wrongAxes, ...checkFit(input)];
  const members = groupSize(topology, axes);
  const index = (path: string, value: number | null, first: number): Issue[] =>
    value === null || (value >= first && value < members)
      ? []
      : [
          {
            code: 'E_RANGE',
            path,
            value: String(value),
            rule:
              members === 1
                ? 'a group of one device has no other member'
                : `must be ${first} to ${members - 1}: a group has ${members} members`,
            remedy: 'count members of the group, not chips of the slice',
          },
        ];
  return [
    ...checkFit(input),
    ...index('--root', input.root, 0),
    ...index('--shift', input.shift, 1),
    ...(input.traffic === null ? [] : checkTraffic(input.traffic, members, '--traffic')),
  ];
}

/** Options that mean nothing to the operation are refused: who gives them expects an effect. */
function checkFit({ op, bytes, traffic, routing, root, shift }: CollectiveInput): Issue[] {
  const onlyFor = (path: string, given: boolean, kinds: readonly string[]): Issue[] =>
    !given || kinds.includes(op)
      ? []
      : [
          {
            code: 'E_OPTION_FIT',
            path,
            value: op,
            rule: `means something with ${kinds.join(' and ')} only`,
            remedy: 'leave it out, or choose that operation',
          },
        ];
  const missing = bytes === null && traffic === null;
  return [
    ...onlyFor('--traffic', traffic !== null, ['all-to-all']),
    ...onlyFor('--routing', routing !== null, ROUTED),
    ...onlyFor('--root', root !== null, ROOTED),
    ...onlyFor('--shift', shift !== null, SHIFTED),
    ...(missing
      ? [
          {
            code: 'E_OPTION_FIT',
            path: '--bytes',
            value: 'missing',
            rule: 'says how much each device holds',
            remedy: 'write --bytes 64MiB, for example',
          },
        ]
      : []),
  ];
}

function checkAxes({ shape }: Topology, axes: readonly number[]): Issue[] {
  const letters = AXIS_LETTERS.slice(0, shape.length);
  const wrong = axes.length === 0 || axes.some((axis, i) => axis < 0 || axis >= shape.length || axes.indexOf(axis) !== i);
  if (!wrong) return [];
  return [
    {
      code: 'E_OPTION_FIT',
      path: '--axes',
      value: axes.map((axis) => AXIS_LETTERS[axis] ?? '?').join(','),
      rule: `must be some of ${letters.join(', ')}, each once: ${shape.join('x')} has no others`,
      remedy: `write --axes ${letters[0]}, for example`,
    },
  ];
}
