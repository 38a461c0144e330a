/** What a slice costs in time and in money; less is better. */
export interface Costs {
  readonly stepSeconds: number;
  readonly dollarsPerBillionTokens: number;
}

/** The members that no other beats: none is at least as good in both and better in one. Equal members stand or fall together. */
export function paretoFront<Member extends Costs>(members: readonly Member[]): Member[] {
  return members.filter((member) => !members.some((other) => dominates(other, member)));
}

export function dominates(a: Costs, b: Costs): boolean {
  const atLeastAsGood = a.stepSeconds <= b.stepSeconds && a.dollarsPerBillionTokens <= b.dollarsPerBillionTokens;
  return atLeastAsGood && (a.stepSeconds < b.stepSeconds || a.dollarsPerBillionTokens < b.dollarsPerBillionTokens);
}
