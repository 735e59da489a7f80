/**
 * Does something with each of some items, two at a time: as many as the smallest machine of the tests has cores.
 *
 * @module
 */
export async function twoAtATime<Item>(items: Iterable<Item>, work: (item: Item) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const worker = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
  };
  await Promise.all([worker(), worker()]);
}
