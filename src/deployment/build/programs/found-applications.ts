import { posix } from 'node:path'
import { memo } from '../../../../parsers/collections/memo.ts'
import { isBelow } from '../../../../parsers/text/is-below.ts'
import type { Source } from '../../../../parsers/text/source.ts'
import type { FileSystem } from '../../../files/file-system.ts'
import {
  applicationName,
  beginsApplication,
  beginsDjango,
  DEEPEST_APPLICATION,
  managesDjango,
  mayHoldApplications,
  settingsNamed,
} from '../../../files/applications.ts'

/** Files of a machine that look as if an application began there. */
export interface FoundApplications {
  /** True where they lie at their places on the machine; false in a repository. */
  readonly placed: boolean
  /** Each `wsgi.py` or `asgi.py` that names settings of Django. */
  readonly django: readonly Source[]
  /** Each `manage.py` that names settings of Django which no `wsgi.py` or `asgi.py` below it names. */
  readonly managed: readonly Source[]
  /** Modules that make an application of Flask or FastAPI. */
  readonly python: readonly Source[]
  /** Scripts for Node.js that listen. */
  readonly node: readonly Source[]
}

/** Directories that are looked into: a home may hold anything. */
const MOST_DIRECTORIES = 300
/** Files of each language that are read. */
const MOST_FILES = 60

/**
 * What lies below the directories where people keep the applications of a machine.
 * https://docs.djangoproject.com/en/stable/howto/deployment/wsgi/#configuring-the-settings-module
 */
export const foundApplications = memo((files: FileSystem): FoundApplications => {
  const paths: string[] = []
  let level = ['/']
  let looked = 0
  for (let depth = 0; depth <= DEEPEST_APPLICATION && level.length > 0; depth++) {
    const next: string[] = []
    for (const directory of level) {
      if (looked++ === MOST_DIRECTORIES) return applicationsAmong(files, paths, true)
      for (const { name, kind } of files.list(directory) ?? []) {
        if (kind === 'directory' && mayHoldApplications(name, depth)) next.push(posix.join(directory, name))
        if (kind === 'file' && beginsApplication(name)) paths.push(posix.join(directory, name))
      }
    }
    level = next
  }
  return applicationsAmong(files, paths, true)
})

/** Those of some paths at which an application begins. */
export function applicationsAmong(
  files: FileSystem,
  paths: readonly string[],
  placed: boolean,
): FoundApplications {
  const django: Source[] = []
  const managed: Source[] = []
  const python: Source[] = []
  const node: Source[] = []
  const modules = paths.filter(path => path.endsWith('.py'))
  const scripts = paths.filter(path => !path.endsWith('.py'))
  for (const path of [...modules.slice(0, MOST_FILES), ...scripts.slice(0, MOST_FILES)]) {
    const read = files.read(path)
    if (read.kind !== 'source') continue
    const { source } = read
    if (!path.endsWith('.py')) {
      if (/\blisten\s*\(|['"]socket\.io['"]/.test(source.code)) node.push(source)
    } else if (beginsDjango(source)) django.push(source)
    else if (managesDjango(source)) managed.push(source)
    else if (applicationName(source) !== null) python.push(source)
  }
  const isAlone = ({ path, code }: Source): boolean => {
    const settings = settingsNamed(code)
    const below = django.filter(each => isBelow(each.path, posix.dirname(path)))
    return settings === null ? below.length === 0 : below.every(each => settingsNamed(each.code) !== settings)
  }
  return { placed, django, managed: managed.filter(isAlone), python, node }
}
