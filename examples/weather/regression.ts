/**
 * Least squares and logistic regression.
 *
 * @module
 */
/** Rows of predictors with a response each. */
export interface Sample {
  /** The predictors, row after row. */
  readonly design: Float64Array;
  /** One number a row; 0 or 1 for {@linkcode fitLogistic}. */
  readonly response: Float64Array;
  /** How many predictors a row has. */
  readonly terms: number;
}

/**
 * Fits a straight line in each predictor by least squares.
 *
 * @param sample What to fit.
 * @returns A coefficient for each predictor.
 */
export function fitLinear(sample: Sample): Float64Array {
  const equations = createEquations(sample.terms);
  sample.response.forEach((response, row) => addRow(equations, sample.design, row, 1, response));
  return solve(equations);
}

/**
 * Fits the log odds of a yes-or-no response by iteratively reweighted least squares (McCullagh and Nelder,
 * Generalized Linear Models, 1989, section 2.5).
 *
 * @param sample What to fit.
 * @returns A coefficient for each predictor, on the scale of log odds.
 */
export function fitLogistic(sample: Sample): Float64Array {
  const { design, response, terms } = sample;
  let coefficients = new Float64Array(terms);
  for (let round = 0; round < 25; round++) {
    const equations = createEquations(terms);
    for (let row = 0; row < response.length; row++) {
      let logOdds = 0;
      for (let term = 0; term < terms; term++) logOdds += coefficients[term]! * design[row * terms + term]!;
      const chance = 1 / (1 + Math.exp(-logOdds));
      const weight = Math.max(chance * (1 - chance), 1e-10);
      addRow(equations, design, row, weight, logOdds + (response[row]! - chance) / weight);
    }
    const next = solve(equations);
    const change = Math.max(...next.map((value, term) => Math.abs(value - coefficients[term]!)));
    coefficients = next;
    if (change < 1e-8) break;
  }
  return coefficients;
}

/** Normal equations: `matrix` times the coefficients is `right`. */
interface Equations {
  readonly matrix: Float64Array;
  readonly right: Float64Array;
}

function createEquations(terms: number): Equations {
  return { matrix: new Float64Array(terms * terms), right: new Float64Array(terms) };
}

function addRow({ matrix, right }: Equations, design: Float64Array, row: number, weight: number, response: number) {
  const terms = right.length;
  const start = row * terms;
  for (let i = 0; i < terms; i++) {
    const scaled = weight * design[start + i]!;
    right[i]! += scaled * response;
    for (let j = 0; j <= i; j++) matrix[i * terms + j]! += scaled * design[start + j]!;
  }
}

/** Solves symmetric equations, given by their lower triangle, by Cholesky decomposition; overwrites them. */
function solve({ matrix, right }: Equations): Float64Array<ArrayBuffer> {
  const terms = right.length;
  const solution = new Float64Array(right);
  for (let i = 0; i < terms; i++) {
    for (let j = 0; j <= i; j++) {
      let rest = matrix[i * terms + j]!;
      for (let k = 0; k < j; k++) rest -= matrix[i * terms + k]! * matrix[j * terms + k]!;
      matrix[i * terms + j] = i === j ? Math.sqrt(rest) : rest / matrix[j * terms + j]!;
    }
  }
  for (let i = 0; i < terms; i++) {
    for (let k = 0; k < i; k++) solution[i]! -= matrix[i * terms + k]! * solution[k]!;
    solution[i]! /= matrix[i * terms + i]!;
  }
  for (let i = terms - 1; i >= 0; i--) {
    for (let k = i + 1; k < terms; k++) solution[i]! -= matrix[k * terms + i]! * solution[k]!;
    solution[i]! /= matrix[i * terms + i]!;
  }
  return solution;
}
