import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { Script } from 'node:vm'

/** The bundle of everything, and what V8 made of it when it was built. */
const BUNDLE = 'program.cjs'
const CACHE = 'program.cache'

export interface LoadedProgram {
  readonly exports: Record<string, unknown>
  /** False where this Node.js compiles the program itself: the cache is another version's, or is not there. */
  readonly isCached: boolean
  /** What V8 has compiled up to now, for the next start. */
  readonly cache: () => Buffer
}

/**
 * Runs the bundle. Compiling it takes longer than auditing a small deployment, so V8's own code is kept beside it
 * from the build; V8 takes it where it is of the same version and flags.
 * https://nodejs.org/api/vm.html#scriptcreatecacheddata
 */
export function loadProgram(directory: string): LoadedProgram {
  const path = resolve(directory, BUNDLE)
  const cachedData = readIfThere(join(directory, CACHE))
  // The build sees to it that the bundle is ASCII, and one function: V8 takes the text as it is read, without a copy.
  const script = new Script(readFileSync(path, 'latin1'), {
    filename: path,
    ...(cachedData !== null && { cachedData }),
  })
  const module = { exports: {} }
  script.runInThisContext()(module.exports, createRequire(path), module, path, dirname(path))
  return {
    exports: module.exports,
    isCached: cachedData !== null && script.cachedDataRejected === false,
    cache: () => script.createCachedData(),
  }
}

function readIfThere(path: string): Buffer | null {
  try {
    return readFileSync(path)
  } catch {
    return null
  }
}
