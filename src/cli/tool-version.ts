import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { embedded } from '../files/embedded.ts'

/** The version in the package's own `package.json`, which lies above this file, bundled or not. */
export function toolVersion(): string {
  const own = embedded === null ? null : versionIn(Buffer.from(embedded('package.json')).toString('utf8'))
  if (own !== null) return own
  for (let directory = dirname(fileURLToPath(import.meta.url)); ; directory = dirname(directory)) {
    const text = readIfThere(join(directory, 'package.json'))
    const version = text === null ? null : versionIn(text)
    if (version !== null) return version
    if (directory === dirname(directory)) throw new Error('the installation is not complete: no package.json')
  }
}

/** Null for the `package.json` beside the bundle, which says only that it is made of scripts. */
function versionIn(text: string): string | null {
  return (JSON.parse(text) as { readonly version?: string }).version ?? null
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}
