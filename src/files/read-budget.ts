/**
 * What one audit may still read from the disk, of all its machines together. It is passed to whatever
 * reads; nothing else remembers it.
 */
export interface ReadBudget {
  bytes: number
  files: number
}

const MOST_BYTES = 300_000_000
const MOST_FILES = 200_000

/** Ten times what ten thousand sites come to, and what a machine has the memory for. */
export function readBudget(): ReadBudget {
  return { bytes: MOST_BYTES, files: MOST_FILES }
}

/** Why a file is not read any more. */
export const BUDGET_SPENT = `the audit has read ${MOST_BYTES / 1_000_000} MB or ${MOST_FILES} files already`

/** Takes one file of so many bytes from what is left; false where that is too little. */
export function takeFile(budget: ReadBudget, bytes: number): boolean {
  if (budget.files <= 0 || bytes > budget.bytes) return false
  budget.files--
  budget.bytes -= bytes
  return true
}
