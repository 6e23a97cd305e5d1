import { posix } from 'node:path'
import { memo } from '../../../parsers/collections/memo.ts'
import { directoriesAbove } from '../../../parsers/text/directories-above.ts'
import { maskTemplate } from '../../../parsers/text/mask-template.ts'
import { isUnknownWord, type Source } from '../../../parsers/text/source.ts'
import type { FileSystem } from '../../files/file-system.ts'
import type { InstalledFile } from '../../files/machine.ts'
import { writtenName } from '../../files/starters.ts'
import { moduleCalls } from './module-calls.ts'
import { isScript, setupCommands } from './setup-commands.ts'

/**
 * The files of a repository that scripts copy, and playbooks copy or fill in, to where a program of the machine looks
 * for them: pools of PHP-FPM, configurations of uWSGI, environments of applications, tables of cron.
 *
 * @param files those of the repository
 */
export function installedCopies(texts: readonly Source[], files: FileSystem): readonly InstalledFile[] {
  return texts.flatMap(source =>
    copiesIn(source).flatMap(({ from, to }) => {
      const path = fileNamed(from, source.path, files)
      if (path === null) return []
      const at = posix.resolve('/', to.endsWith('/') ? `${to}${writtenName(posix.basename(path))}` : to)
      return INSTALLED.test(at) ? [{ at, path }] : []
    }),
  )
}

/** Kept with the text: the files of a repository are asked in each world. */
const copiesIn = memo((source: Source): readonly Copy[] =>
  MAY_INSTALL.test(source.text)
    ? [...copiesOfPlaybook(source), ...(isScript(source) ? copiesOfScript(source) : [])]
    : [],
)

const WORDS = String.raw`/fpm/pool\.d|php-fpm\.d|/etc/(?:default|sysconfig|uwsgi|cron\.d)/|\benv\b|environment`
const MAY_INSTALL = new RegExp(WORDS)
/** Where nothing of nginx or Apache is, and no unit, of which the name alone says where it goes. */
const INSTALLED =
  /^\/etc\/(?:php\/[^/]+\/fpm\/pool\.d|php5\/fpm\/pool\.d|php-fpm\.d|default|sysconfig|uwsgi\/[\w-]+|cron\.d)\/[^/]+$|(?:\/|\.)env$|\/environment$/

interface Copy {
  /** As the script or the task names it. */
  readonly from: string
  /** Absolute, or behind a placeholder. */
  readonly to: string
}

function copiesOfPlaybook(source: Source): readonly Copy[] {
  return moduleCalls(source).flatMap(({ module, options }) => {
    if (module !== 'template' && module !== 'copy') return []
    const [from, to] = ['src', 'dest'].map(name => options.get(name)?.text.text)
    if (from === undefined || to === undefined || from.includes('{{')) return []
    const at = maskTemplate('.j2', to).code
    return isPlace(at) ? [{ from, to: at }] : []
  })
}

function copiesOfScript(source: Source): readonly Copy[] {
  return setupCommands(source).flatMap(({ words }) => {
    const [program, ...texts] = words.map(({ text }) => text)
    if (!/^(?:cp|install|ln|mv)$/.test(posix.basename(program ?? ''))) return []
    const [from, to, ...others] = withoutOptions(texts)
    if (from === undefined || to === undefined || others.length > 0) return []
    return to.startsWith('/') && !isUnknownWord(to) ? [{ from, to }] : []
  })
}

/** What is left without `-m 644`, `-o root` and their like. */
function withoutOptions(texts: readonly string[]): readonly string[] {
  return texts.filter(
    (text, index) =>
      !text.startsWith('-') && !/^-(?:\w*[mogS]|-(?:mode|owner|group))$/.test(texts[index - 1] ?? ''),
  )
}

function isPlace(path: string): boolean {
  return (path.startsWith('/') || isUnknownWord(path.split('/')[0] ?? '')) && !/\s/.test(path)
}

/** Beside what names it, where roles keep such files, or below a directory above it. */
function fileNamed(name: string, by: string, files: FileSystem): string | null {
  // What stands before it is the directory of the checkout, whatever it is called there.
  const known = isUnknownWord(name)
    ? (/[^/]*\/(.*)$/s.exec(name)?.[1] ?? '')
    : name.replace(/^\/(?:vagrant|src|app)\//, '')
  if (known === '' || isUnknownWord(known) || known.startsWith('/')) return null
  const directories = directoriesAbove(by)
  for (const directory of directories) {
    for (const kept of ['', 'templates', 'files']) {
      const path = posix.join(directory, kept, known)
      if (files.kind(path) === 'file') return path
    }
  }
  return null
}
