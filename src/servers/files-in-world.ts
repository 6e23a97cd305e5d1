import type { Source } from '../../parsers/text/source.ts'
import type { FileSystem } from '../files/file-system.ts'
import { isIn, type World } from './presence.ts'

/** The files as they are in a world: of a template, what stands under another answer is blank. */
export function filesInWorld(files: FileSystem, world: World): FileSystem {
  return {
    ...files,
    read(path) {
      const result = files.read(path)
      if (result.kind !== 'source' || result.source.branches.length === 0) return result
      return { kind: 'source', source: sourceIn(world, result.source) }
    },
  }
}

/** The same object for the same answers, so that each version of a file is parsed once. */
const versionsOf = new WeakMap<Source, Map<string, Source>>()

function sourceIn(world: World, source: Source): Source {
  const { branches, code, gaps } = source
  const absent = branches.filter(branch => !isIn(world, branch))
  let versions = versionsOf.get(source)
  if (versions === undefined) {
    versions = new Map()
    versionsOf.set(source, versions)
  }
  const key = absent.map(({ start }) => start).join(' ')
  let version = versions.get(key)
  if (version === undefined) {
    const isThere = (offset: number): boolean =>
      !absent.some(({ start, end }) => start <= offset && offset < end)
    version = { ...source, code: without(code, absent), gaps: gaps.filter(isThere) }
    versions.set(key, version)
  }
  return version
}

/** The text with some stretches blank; line ends stay. */
function without(
  code: string,
  stretches: readonly { readonly start: number; readonly end: number }[],
): string {
  let text = ''
  let at = 0
  for (const { start, end } of stretches) {
    if (end <= at) continue
    const from = Math.max(start, at)
    text += code.slice(at, from) + code.slice(from, end).replace(/[^\r\n]/g, ' ')
    at = end
  }
  return text + code.slice(at)
}
