/**
 * Tokens that have an expert each, and what it costs to move one: score at its expert minus score at another. Letters: S tokens, E experts. One more
 * place than there are experts, with the number E, stands for the right to one token more than others have, where not every expert has that right.
 */
export interface Transport {
  readonly experts: number;
  /** [S, E]. */
  readonly scores: Float32Array;
  /** [S]: the expert of each token. */
  readonly expertOf: Int32Array;
  /** [E]: how many tokens each has, and how many it is to have. */
  readonly load: Int32Array;
  readonly wanted: Int32Array;
  /** S / E without its fraction; experts want this many, or one more. */
  readonly fewest: number;
  /** [E + 1]: with these every token is at an expert with the best score - price. */
  readonly prices: Float64Array;
  /** [E, E]: the cheapest token to move from one expert to another, and what it costs; -1 and infinity for an expert without tokens. */
  readonly mover: Int32Array;
  readonly cost: Float64Array;
  /** The tokens of each expert as a list: first of the expert [E], next and previous of the token [S]; -1 ends. */
  readonly first: Int32Array;
  readonly next: Int32Array;
  readonly previous: Int32Array;
}

/** Opens the lists of a state whose tokens have experts. */
export function openTransport(
  scores: Float32Array,
  experts: number,
  expertOf: Int32Array,
  demand: Pick<Transport, 'load' | 'wanted' | 'fewest' | 'prices'>,
): Transport {
  const tokens = expertOf.length;
  const transport: Transport = {
    ...{ experts, scores, expertOf, ...demand },
    mover: new Int32Array(experts * experts).fill(-1),
    cost: new Float64Array(experts * experts).fill(Number.POSITIVE_INFINITY),
    first: new Int32Array(experts).fill(-1),
    next: new Int32Array(tokens),
    previous: new Int32Array(tokens),
  };
  // From the last to the first, so that lists stand in the order of tokens.
  for (let token = tokens - 1; token >= 0; token--) enter(transport, token, expertOf[token]);
  return transport;
}

/** Moves a token to another expert. */
export function moveToken(transport: Transport, token: number, to: number): void {
  const { expertOf, load } = transport;
  const from = expertOf[token];
  leave(transport, token, from);
  expertOf[token] = to;
  enter(transport, token, to);
  load[from]--;
  load[to]++;
}

function enter({ experts, scores, mover, cost, first, next, previous }: Transport, token: number, expert: number): void {
  const head = first[expert];
  next[token] = head;
  previous[token] = -1;
  if (head >= 0) previous[head] = token;
  first[expert] = token;
  const at = token * experts;
  const row = expert * experts;
  const score = scores[at + expert];
  for (let e = 0; e < experts; e++) {
    const price = score - scores[at + e];
    if (price <= cost[row + e]) {
      cost[row + e] = price;
      mover[row + e] = token;
    }
  }
}

function leave(transport: Transport, token: number, expert: number): void {
  const { experts, mover, first, next, previous } = transport;
  if (previous[token] >= 0) next[previous[token]] = next[token];
  else first[expert] = next[token];
  if (next[token] >= 0) previous[next[token]] = previous[token];
  const row = expert * experts;
  for (let e = 0; e < experts; e++) if (mover[row + e] === token) findMover(transport, expert, e);
}

/** The cheapest token from one expert to another; none can be cheaper than the one that was, so an equal one ends the search. */
function findMover({ experts, scores, mover, cost, first, next }: Transport, from: number, to: number): void {
  const pair = from * experts + to;
  const before = cost[pair];
  let least = Number.POSITIVE_INFINITY;
  let best = -1;
  for (let token = first[from]; token >= 0; token = next[token]) {
    const price = scores[token * experts + from] - scores[token * experts + to];
    if (price >= least) continue;
    least = price;
    best = token;
    if (price === before) break;
  }
  cost[pair] = least;
  mover[pair] = best;
}
