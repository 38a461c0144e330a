import type { Issue } from '../../base/index.ts';

/** What is wrong with a matrix of bytes [members, members] that came from a user; `path` says where it came from. */
export function checkTraffic(traffic: ArrayLike<number>, members: number, path: string): Issue[] {
  if (traffic.length !== members * members) {
    const side = Math.sqrt(traffic.length);
    const shape = Number.isInteger(side) ? `${side} x ${side}` : `${traffic.length}`;
    return [
      {
        code: 'E_TRAFFIC_SIZE',
        path,
        value: `${shape} entries for ${members} devices`,
        rule: `must have ${members} x ${members} entries, one row per sender and one column per receiver`,
        remedy: 'give one row and one column per device of the group',
      },
    ];
  }
  return wrongEntries(traffic, members, path);
}

function wrongEntries(traffic: ArrayLike<number>, members: number, path: string): Issue[] {
  let first = -1;
  let wrong = 0;
  let someBytes = false;
  for (let i = 0; i < traffic.length; i++) {
    const bytes = traffic[i];
    if (bytes > 0) someBytes = true;
    if (bytes >= 0 && bytes < Infinity) continue;
    if (first < 0) first = i;
    wrong++;
  }
  if (wrong === 0 && (someBytes || traffic.length === 0)) return [];
  const issue = { code: 'E_TRAFFIC_VALUE', path };
  if (wrong === 0) {
    return [
      { ...issue, value: 'all entries are 0', rule: 'at least one entry is above 0', remedy: 'say who sends how many bytes to whom' },
    ];
  }
  const place = `row ${Math.floor(first / members) + 1}, column ${(first % members) + 1}`;
  const others = wrong === 1 ? '' : `, and ${wrong - 1} more like it`;
  return [
    {
      ...issue,
      value: `${traffic[first]} in ${place}${others}`,
      rule: 'every entry is a finite number of bytes of at least 0',
      remedy: 'correct the entry; leave 0 where nothing is sent',
    },
  ];
}
