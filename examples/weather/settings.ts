/**
 * What an analyst turns. A step reruns when one of these changes that it uses, and stands when another does.
 *
 * @module
 */
/** Where the data are, relative to this folder: the tasks run here. */
export const DATA_FILE = "data/seattle-weather.csv";

/** A day counts as wet from this much precipitation on, millimetres. */
export const WET_DAY_MM = 1;

/** Bootstrap samples per model. */
export const REPLICATES = 2_000;

/** Length of a resampled block, days: long enough to hold a spell of weather. */
export const BLOCK_DAYS = 21;

/** Share of the bootstrap samples that an interval covers. */
export const LEVEL = 0.95;

/** Start of the random numbers: the same seed, the same intervals. */
export const SEED = 2012;
