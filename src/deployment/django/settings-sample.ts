import { posix } from 'node:path'
import { type FileSystem, sourceAt } from '../../files/file-system.ts'
import type { FoundFile } from './find-module.ts'

/**
 * The one file beside the place of settings that are not in the audit from which everybody makes them:
 * `settings.dist.py`, `settings.py.example`. Null where there is none, or several.
 */
export function findSample(
  files: FileSystem,
  module: string,
  directories: readonly string[],
): FoundFile | null {
  for (const directory of directories) {
    const path = posix.join(directory, module.replaceAll('.', '/'))
    const own = posix.basename(path)
    const samples = (files.list(posix.dirname(path)) ?? []).filter(({ name }) => isSample(name, own))
    const [sample] = samples
    if (sample === undefined || samples.length > 1) continue
    const found = posix.join(posix.dirname(path), sample.name)
    const source = sourceAt(files, found)
    if (source !== null && /^INSTALLED_APPS\b/m.test(source.code)) return { source, path: found }
  }
  return null
}

const SAMPLE =
  /^(.+?)(?:[._-](?:dist|sample|example|template|tmpl|default)\.py|\.py[._-](?:dist|sample|example|template|tmpl|default|in))$/

function isSample(name: string, own: string): boolean {
  return SAMPLE.exec(name)?.[1] === own
}
