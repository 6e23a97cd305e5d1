import { posix } from 'node:path'
import type { DockerStage } from '../../parsers/dockerfile/dockerfile.ts'
import type { Fact } from '../../parsers/text/fact.ts'
import { isOneSlipAway } from '../../parsers/text/one-slip-away.ts'
import { placeText } from '../../parsers/text/source.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'

/** Files that each tool for packages of Node.js writes for itself: a project has one of them. */
const LOCKS = [
  'package-lock.json',
  'yarn.lock',
  'pnpm-lock.yaml',
  'bun.lockb',
  'bun.lock',
  'npm-shrinkwrap.json',
]

/**
 * Copies of what the context of a build does not have, and something of its name lies beside it. That a file is not in
 * the repository says nothing: it may be made before the build.
 *
 * @param context the directory that a compose file gives the build
 */
export function* sourcesElsewhere(
  { copies }: DockerStage,
  dockerfile: string,
  context: string,
  files: FileSystem,
): Iterable<RuleFinding> {
  if (files.kind(context) !== 'directory') return
  for (const { at, from, sources, documents } of copies) {
    if (from !== null || documents.length > 0) continue
    for (const source of sources) {
      const found = elsewhere(source, dockerfile, context, files)
      if (found !== null) yield { at, ...found }
    }
  }
}

function elsewhere(
  source: Fact<string>,
  dockerfile: string,
  context: string,
  files: FileSystem,
): Omit<RuleFinding, 'at'> | null {
  if (!source.known || source.at === null || !/^\/[\w@./+-]*\w$/.test(source.value)) return null
  const path = posix.normalize(source.value).slice(1)
  const inside = posix.join(context, path)
  if (path === '' || files.kind(inside) !== null || isIgnored(inside, files)) return null
  const written = placeText(source.at)
  if (/^["']?\.\.\//.test(written)) {
    const outside = posix.join(context, written.replace(/["']/g, ''))
    if (files.kind(outside) === null) return null
    return {
      message: `\`${written}\` lies outside of the directory that the build is given, and Docker looks for \`${path}\` in it: not found`,
      label: 'outside of the context',
      help: 'Build from the directory above: `build: { context: .., dockerfile: … }`',
    }
  }
  const directory = posix.dirname(inside)
  const entries = files.list(directory)
  const name = posix.basename(path)
  const near = entries?.find(
    each => each.name.toLowerCase() === name.toLowerCase() || isOneSlipAway(each.name, name),
  )
  if (near !== undefined)
    return {
      message: `there is no \`${path}\` in the directory that the build is given, which has \`${posix.join(posix.dirname(path), near.name)}\`: not found`,
      label: 'not there',
      help: `Copy \`${posix.join(posix.dirname(path), near.name)}\``,
    }
  const lock = LOCKS.includes(name) ? entries?.find(each => LOCKS.includes(each.name)) : undefined
  if (lock !== undefined && entries?.some(each => each.name === 'package.json') === true)
    return {
      severity: 'warning',
      message: `the project has \`${lock.name}\`, and no \`${name}\`: not found`,
      label: 'of another tool',
      help: `Copy \`${lock.name}\`, and install with the tool that wrote it`,
    }
  // A file that the directory of the Dockerfile has, where the build is given another one.
  const home = posix.dirname(dockerfile)
  if (home === context || files.kind(posix.join(home, path)) === null) return null
  const fromContext = posix.relative(context, posix.join(home, path))
  if (fromContext.startsWith('..')) return null
  return {
    message: `the build is given another directory than that of the Dockerfile, where \`${path}\` lies: not found`,
    label: 'not in the context',
    help: `Copy \`${fromContext}\``,
  }
}

/** True of what a list of git's names: it is made, and may be there when the build begins. */
export function isIgnored(path: string, files: FileSystem): boolean {
  const name = posix.basename(path)
  for (let directory = posix.dirname(path); ; directory = posix.dirname(directory)) {
    const list = sourceAt(files, posix.join(directory, '.gitignore'))?.text.split(/\r?\n/) ?? []
    const below = posix.relative(directory, path)
    if (
      list.some(line => {
        const pattern = line.trim().replace(/^\/|\/$/g, '')
        return (
          pattern === name ||
          pattern === below ||
          below.startsWith(`${pattern}/`) ||
          (pattern.startsWith('*') && pattern.length > 1 && name.endsWith(pattern.slice(1)))
        )
      })
    )
      return true
    if (directory === '/') return false
  }
}
