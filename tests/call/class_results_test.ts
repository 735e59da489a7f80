/** Instances of which something may go on elsewhere are not kept; what only the instance itself has is. */
import { assertEquals } from "@std/assert";
import { Project } from "../support/project.ts";
import { Rig } from "../support/rig.ts";

Deno.test("an instance whose constructor hands out a closure, or begins something, is not kept", async () => {
  await using rig = await Rig.open();
  const callbacks: (() => void)[] = [];
  const target = new EventTarget();
  class Listens {
    clicks = 0;
    constructor() {
      target.addEventListener("click", () => this.clicks++);
    }
  }
  class Binds {
    clicks = 0;
    constructor() {
      callbacks.push(this.count.bind(this));
    }
    count() {
      this.clicks++;
    }
  }
  class Aliases {
    clicks = 0;
    constructor() {
      // deno-lint-ignore no-this-alias -- That is what the test is about.
      const self = this;
      callbacks.push(function () {
        self.clicks++;
      });
    }
  }
  class Assigns {
    clicks = 0;
    constructor(button: { onclick?: () => void }) {
      button.onclick = () => this.clicks++;
    }
  }
  class Loads {
    rows: number[] | null = null;
    constructor() {
      this.load();
    }
    async load() {
      await Promise.resolve();
      this.rows = [1];
    }
  }
  const button: { onclick?: () => void } = {};
  const makers: Record<string, () => object> = {
    Listens: () => new Listens(),
    Binds: () => new Binds(),
    Aliases: () => new Aliases(),
    Assigns: () => new Assigns(button),
    Loads: () => new Loads(),
  };
  for (const [name, make] of Object.entries(makers)) {
    const fn = rig.cached({ name })(make);
    await fn();
    assertEquals(await fn.has(), false, name);
  }
  const details = rig.of("save-failed").map(({ detail }) => detail);
  assertEquals(details.every((detail) => detail.includes("hands its instances on, or goes on with them later")), true);
});

Deno.test("an instance whose methods call back and at once is kept", async () => {
  await using rig = await Rig.open();
  class Table {
    constructor(readonly rows: number[]) {}
    above(least: number) {
      return new Table(this.rows.filter((row) => row > least && row !== this.rows[0]));
    }
    sorted() {
      return new Table([...this.rows].sort((a, b) => this.compare(a, b)));
    }
    compare(a: number, b: number) {
      return a - b;
    }
    async save() {
      return await Promise.resolve(this.rows.length);
    }
  }
  const make = rig.cached()(function make() {
    return new Table([3, 1, 2]).sorted().above(1);
  });
  assertEquals([(await make()).rows, (await make()).above(2).rows], [[2, 3], [3]]);
  assertEquals(rig.runs(), 1);
});

Deno.test("a member comes back whatever Object.prototype has under its name", async () => {
  await using project = await Project.create({
    "main.ts": `
import { cacheFile } from "@bimsb/cachepy";
const cached = cacheFile("cache");
Object.defineProperty(Object.prototype, "should", { get() { return 1; }, set() {}, configurable: true });
Object.defineProperty(Object.prototype, "fixed", { value: 1, configurable: true });
const one = cached(function one() { return Object.fromEntries([["should", 5], ["fixed", 6]]); });
const rows = cached(function rows() { return Array.from({ length: 100 }, (_, at) => Object.fromEntries([["should", at]])); });
const [{ should, fixed }, all] = [await one(), await rows()];
console.log(JSON.stringify([should, fixed, all[99]!.should]));`,
  });
  for (let round = 0; round < 2; round++) {
    const { json, stderr } = await project.run("main.ts");
    assertEquals([json(), stderr.includes("cachepy")], [[5, 6, 99], false]);
  }
});
