/**
 * The containers that a reader has open, and the role of each.
 *
 * A file of its own, to keep the reader below the length at which a file is hard to overlook.
 *
 * @module
 */
/** Role of an open container: the way in which it takes the values that are read for it. */
export const Role = {
  array: 0,
  /** An array that was made at its full length. */
  shortArray: 1,
  object: 2,
  map: 3,
  set: 4,
  /** An array with holes or further properties: names and values in turn. */
  sparse: 5,
  /** An error whose cause comes next. */
  cause: 6,
  /** An object that a builder makes of the values. */
  built: 7,
  /** An array that was written as several arrays, one after the other. */
  concat: 8,
  /** Packed rows; takes shapes. */
  rows: 9,
  /** One shape of packed rows; takes columns. */
  shape: 10,
  /** A packed array of few distinct values; takes these values. */
  choices: 11,
  /** Packed arrays; takes one array of all their items. */
  lists: 12,
} as const;

/** Arrays up to this length are made at their full length, which takes no more memory than adding the first item. */
export const SHORT_ARRAY = 16;

/** A container whose values are being read. */
export interface OpenContainer {
  role: number;
  target: unknown;
  /** Number of items that are still to come; `INDEFINITE`: they come until a break. */
  remaining: number;
  /** Key whose value comes next; in packed data, the lengths or the order of the rows. */
  key: unknown;
  hasKey: boolean;
  /** Index among the shared objects under which the finished container is recorded; -1: it is not shared. */
  slot: number;
}
