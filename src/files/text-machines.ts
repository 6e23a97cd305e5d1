import { dirname, relative, resolve } from 'node:path'
import { displayPath, type DiskFileSystem, diskFileSystem, readText } from './disk-file-system.ts'
import { onDisk } from './disk-machines.ts'
import type { FileSystem } from './file-system.ts'
import { type AuditRoot, inferRoot } from './infer-root.ts'
import type { Machine } from './machine.ts'
import { memoryFileSystem } from './memory-file-system.ts'
import { readNamedFile } from './named-file.ts'
import type { ReadAs } from './read-as.ts'
import { overlay } from './overlay.ts'
import { toSource } from './to-source.ts'

/** The files of an `nginx -T` dump, main file first; null for any other text. */
export type DumpSplitter = (
  text: string,
) => readonly { readonly path: string; readonly text: string }[] | null

/** The machine of a dump on the disk; null where the file is none, or cannot be read. */
export function dumpFileMachine(path: string, splitDump: DumpSplitter | undefined): Machine | null {
  if (splitDump === undefined) return null
  try {
    return dumpMachine(readText(path).text, splitDump)
  } catch {
    // The audit itself says why it cannot be read.
    return null
  }
}

const DUMP_HEADER = /^# configuration file \/.*:$/m

/** The machine that a dump was made on: of it nothing else is known. */
export function dumpMachine(text: string, splitDump: DumpSplitter): Machine | null {
  const parts = DUMP_HEADER.test(text) ? splitDump(text) : null
  const main = parts?.[0]
  if (parts === null || main === undefined) return null
  const texts = Object.fromEntries(parts.map(part => [part.path, part.text]))
  // A dump holds what nginx read and nothing else: what it lacks may well be on the machine.
  const files = memoryFileSystem(texts, { covers: [], root: '/' })
  return { ...machineOfFile('/', files), nginxMains: [main.path], isDump: true }
}

/** A text that nobody placed: nothing around it is known. */
export function textMachine(text: string, as: ReadAs | null): Machine | null {
  const path = '/stdin'
  const files = memoryFileSystem({ [path]: text }, { covers: [] })
  return fileMachine('.', files, path, '/', as)
}

/** A text in the place of a file, with the disk around it. */
export function namedTextMachine(
  text: string,
  name: string,
  {
    root: given,
    workingDirectory,
    as = null,
  }: { readonly root?: string; readonly workingDirectory: string; readonly as?: ReadAs | null },
): Machine | null {
  const absolute = resolve(workingDirectory, name)
  const { root, within }: AuditRoot =
    given === undefined ? inferRoot(dirname(absolute)) : { root: given, within: '/' }
  const path = `/${relative(root, absolute)}`
  const disk: DiskFileSystem = diskFileSystem(within === '/' ? root : [{ at: within, disk: within }], {
    workingDirectory,
  })
  const files = overlay(disk, toSource(path, text))
  const machine = fileMachine(displayPath(onDisk(root, within), workingDirectory), files, path, within, as)
  return machine === null ? null : { ...machine, notices: () => disk.notices() }
}

function fileMachine(
  root: string,
  files: FileSystem,
  path: string,
  within: string,
  as: ReadAs | null,
): Machine | null {
  const named = readNamedFile(files, path, within, as)
  if (named === null) return null
  const { program, part } = named
  const isMain = part === 'main'
  const isFragment = part === 'fragment'
  const alone = (wanted: boolean, which: typeof program): readonly string[] =>
    wanted && program === which ? [path] : []
  const set = {
    nginx: alone(isFragment, 'nginx'),
    apache: alone(isFragment, 'apache'),
    joint: true,
    isInLocation: named.isInLocation,
  }
  return {
    ...machineOfFile(root, files),
    nginxMains: alone(isMain, 'nginx'),
    apacheMains: alone(isMain, 'apache'),
    fragments: () => (isFragment ? [set] : []),
    htaccess: part === 'htaccess' ? [path] : [],
    hasApache: program === 'apache',
  }
}

function machineOfFile(root: string, files: FileSystem): Machine {
  return {
    root,
    files,
    fileName: path => files.display(path),
    nginxMains: [],
    apacheMains: [],
    supposed: false,
    fragments: () => [],
    hasApache: false,
    htaccess: [],
    isDump: false,
    notices: () => [],
    skipped: () => [],
  }
}
