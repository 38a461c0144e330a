/** A place that is filled once. */
export interface Entry<Value> {
  value: Value | undefined;
}

/** A place for each list of numbers, all of one length: a map in a map for each number, which is found quicker than a text of them. */
export function remembered<Value>(): (numbers: readonly number[]) => Entry<Value> {
  const root: Level<Value> = new Map();
  return (numbers) => {
    let level = root;
    for (let i = 0; i + 1 < numbers.length; i++) {
      let next = level.get(numbers[i]);
      if (!(next instanceof Map)) {
        next = new Map();
        level.set(numbers[i], next);
      }
      level = next;
    }
    const last = numbers[numbers.length - 1];
    let entry = level.get(last);
    if (entry === undefined || entry instanceof Map) {
      entry = { value: undefined };
      level.set(last, entry);
    }
    return entry;
  };
}

type Level<Value> = Map<number, Level<Value> | Entry<Value>>;

/** Numbers for objects, by identity. */
export function identities(): (object: object) => number {
  const numbers = new WeakMap<object, number>();
  let count = 0;
  return (object) => {
    let number = numbers.get(object);
    if (number === undefined) {
      number = count++;
      numbers.set(object, number);
    }
    return number;
  };
}

/** Numbers for sections of scenarios, the same for all that say the same; a section is written down once. */
export function textNumbers(): (section: object) => number {
  const texts = new Map<string, number>();
  const written = new WeakMap<object, number>();
  return (section) => {
    const known = written.get(section);
    if (known !== undefined) return known;
    const text = JSON.stringify(section);
    const number = texts.get(text) ?? texts.size;
    texts.set(text, number);
    written.set(section, number);
    return number;
  };
}
