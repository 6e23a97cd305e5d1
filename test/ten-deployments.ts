import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { compareBytes } from '../src/files/byte-order.ts'

/** Path below the root to text. */
export type Files = Readonly<Record<string, string>>

/** A deployment with a fault between its servers, and the same deployment with the fault repaired. */
export interface DeploymentPair {
  readonly name: string
  readonly broken: Files
  readonly repaired: Files
}

/** `broken` is a whole root; `repaired` holds only the files that change. */
export const TEN = resolve('test/corpus/ten')

export function tenDeployments(): readonly DeploymentPair[] {
  return readdirSync(TEN).sort(compareBytes).map(readDeploymentPair)
}

export function readDeploymentPair(name: string): DeploymentPair {
  const broken = readDirectory(join(TEN, name, 'broken'))
  return { name, broken, repaired: { ...broken, ...readDirectory(join(TEN, name, 'repaired')) } }
}

function readDirectory(directory: string): Files {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter(entry =>
    entry.isFile(),
  )
  const paths = files.map(entry => join(entry.parentPath, entry.name))
  return Object.fromEntries(
    paths
      .filter(path => !path.endsWith('expected.txt'))
      .map(path => [relative(directory, path), readFileSync(path, 'utf8')]),
  )
}
