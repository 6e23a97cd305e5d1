import { posix } from 'node:path'
import type { Source } from '../text/source.ts'
import { parseUnit, type UnitSetting } from './parse-unit.ts'
import { templateOf, type UnitName, unitName } from './unit-name.ts'

/** Where units are read from. */
export interface UnitFiles {
  /** A file by its path; null where it is not there or cannot be read. */
  readonly read: (path: string) => Source | null
  /** Names in a directory; null where it is not there. */
  readonly list: (directory: string) => readonly string[] | null
}

/** In systemd's order: an earlier directory's file replaces the same name in a later one. */
export const UNIT_DIRECTORIES = [
  '/etc/systemd/system',
  '/run/systemd/system',
  '/usr/local/lib/systemd/system',
  '/usr/lib/systemd/system',
  '/lib/systemd/system',
]

/** A unit with its drop-ins. */
export interface Unit {
  readonly name: UnitName
  /** The unit's own file; null where there are drop-ins alone. */
  readonly main: Source | null
  /** The unit's own file and its drop-ins, in the order in which they are read. */
  readonly sources: readonly Source[]
  readonly settings: readonly UnitSetting[]
}

/**
 * The units of one kind that the files name: those with a file of their own, and the instances of templates
 * that something starts (`multi-user.target.wants/worker@blue.service`). A template alone is not among them.
 *
 * @param suffix `.service` or `.socket`
 */
export function unitNames({ list }: UnitFiles, suffix: string): readonly string[] {
  const names = new Set<string>()
  const templates = new Set<string>()
  for (const directory of UNIT_DIRECTORIES) {
    for (const entry of list(directory) ?? []) {
      if (entry.endsWith(suffix)) (unitName(entry).instance === '' ? templates : names).add(entry)
      if (!/\.(?:wants|requires|upholds)$/.test(entry)) continue
      for (const wanted of list(posix.join(directory, entry)) ?? []) {
        const { instance } = unitName(wanted)
        if (wanted.endsWith(suffix) && instance !== null && instance !== '') names.add(wanted)
      }
    }
  }
  // An instance that is wanted and whose template is not in the audit says nothing.
  return [...names].filter(name => {
    const template = templateOf(unitName(name))
    return template === null || templates.has(template) || hasFile(list, name)
  })
}

/** The templates of one kind of which the files name no instance. */
export function templateNames({ list }: UnitFiles, suffix: string): readonly string[] {
  const names = UNIT_DIRECTORIES.flatMap(directory => list(directory) ?? [])
  return [...new Set(names)].filter(name => name.endsWith(suffix) && unitName(name).instance === '')
}

function hasFile(list: UnitFiles['list'], name: string): boolean {
  return UNIT_DIRECTORIES.some(directory => list(directory)?.includes(name) === true)
}

/** Reads a unit as systemd does: its file or template, then the drop-ins of each of its names. */
export function readUnit(files: UnitFiles, full: string): Unit {
  const name = unitName(full)
  const template = templateOf(name)
  const names = template === null ? [full] : [full, template]
  const main = firstSource(files, names)
  const dropIns = new Map<string, string>()
  for (const stem of [...names, ...prefixesOf(name), name.suffix.slice(1)]) {
    for (const directory of UNIT_DIRECTORIES) {
      const path = posix.join(directory, `${stem}.d`)
      for (const entry of files.list(path) ?? [])
        if (entry.endsWith('.conf') && !dropIns.has(entry)) dropIns.set(entry, posix.join(path, entry))
    }
  }
  const sources = main === null ? [] : [main]
  for (const entry of [...dropIns.keys()].sort()) {
    const source = files.read(dropIns.get(entry) ?? '')
    if (source !== null) sources.push(source)
  }
  return { name, main, sources, settings: sources.flatMap(parseUnit) }
}

function firstSource(files: UnitFiles, names: readonly string[]): Source | null {
  for (const name of names) {
    for (const directory of UNIT_DIRECTORIES) {
      const source = files.read(posix.join(directory, name))
      if (source !== null) return source
    }
  }
  return null
}

/** `a-b-c.service` also has the drop-ins of `a-b-.service` and `a-.service`. */
function prefixesOf({ prefix, suffix }: UnitName): readonly string[] {
  const prefixes: string[] = []
  for (
    let dash = prefix.lastIndexOf('-', prefix.length - 2);
    dash > 0;
    dash = prefix.lastIndexOf('-', dash - 1)
  ) {
    prefixes.push(`${prefix.slice(0, dash + 1)}${suffix}`)
    if (prefixes.length >= 16) break
  }
  return prefixes
}
