import { posix } from 'node:path'
import { memo } from '../../../parsers/collections/memo.ts'
import type { PythonParser } from '../../../parsers/python/python-module.ts'
import type { Source } from '../../../parsers/text/source.ts'
import type { FileSystem } from '../../files/file-system.ts'
import { readScript } from './read-script.ts'
import { readSettings } from './read-settings.ts'
import type { DjangoSettings } from './settings.ts'

/** The system's own directories, those that installers fill, and what is tried out and not deployed. */
const NO_PROJECTS =
  /^(?:\..*|bin|boot|dev|etc|lib(?:32|64|x32)?|proc|run|sbin|sys|tmp|usr|node_modules|vendor|site-packages|venv|env|tests?|examples?|samples?|demos?|docs?|templates?)$/
const DEEPEST = 4
/** Directories that are looked into: a home may hold anything. */
const MOST_DIRECTORIES = 300

/**
 * The modules that a server would load of the projects of Django below the directories where people keep them: each
 * `wsgi.py` that names settings.
 * https://docs.djangoproject.com/en/stable/howto/deployment/wsgi/#configuring-the-settings-module
 */
export const wsgiModules = memo((files: FileSystem): readonly Source[] => {
  const found: Source[] = []
  let level = ['/']
  let looked = 0
  for (let depth = 0; depth <= DEEPEST; depth++) {
    const next: string[] = []
    for (const directory of level) {
      if (looked++ === MOST_DIRECTORIES) return found
      for (const { name, kind } of files.list(directory) ?? []) {
        if (kind === 'directory' && !NO_PROJECTS.test(name)) next.push(posix.join(directory, name))
        if (kind !== 'file' || name !== 'wsgi.py') continue
        const result = files.read(posix.join(directory, name))
        if (result.kind === 'source' && result.source.code.includes('DJANGO_SETTINGS_MODULE'))
          found.push(result.source)
      }
    }
    level = next
  }
  return found
})

/** The settings that these modules name; none where they are not in the audit. */
export function unstartedProjects(files: FileSystem, parser: PythonParser): readonly DjangoSettings[] {
  return wsgiModules(files).flatMap(source => {
    const name = readScript(parser, source).settingsModule?.name
    const own = posix.dirname(source.path)
    return name === undefined
      ? []
      : (readSettings(files, parser, name, [posix.dirname(own), own], () => undefined) ?? [])
  })
}
