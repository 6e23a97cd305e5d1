import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { embedded } from '../files/embedded.ts'

/** The version in the package's own `package.json`, which lies above this file, bundled or not. */
export function toolVersion(): string {
  if (embedded !== null) return versionIn(Buffer.from(embedded('package.json')).toString('utf8'))
  for (let directory = dirname(fileURLToPath(import.meta.url)); ; directory = dirname(directory)) {
    const text = readIfThere(join(directory, 'package.json'))
    if (text !== null) return versionIn(text)
    if (directory === dirname(directory)) throw new Error('the installation is not complete: no package.json')
  }
}

function versionIn(text: string): string {
  return (JSON.parse(text) as { readonly version: string }).version
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}
