import { posix } from 'node:path'
import { memo } from '../../parsers/collections/memo.ts'
import { isBelow } from '../../parsers/text/is-below.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import { projectDirectory } from '../../src/deployment/django/settings.ts'
import type { Deployment, Machine } from '../../src/deployment/model.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { textList } from './_behind-nginx.ts'
import { wantsFiles } from './_static-ways.ts'

/** A directory that a server looks into, and whether Django collects from it. */
interface Looked {
  readonly settings: DjangoSettings
  /** The machine of the project. */
  readonly home: Machine
  /** That of the server. */
  readonly there: Machine
  readonly looked: string
}

/**
 * What a directory is to Django that a server takes for the static files: `` `STATICFILES_DIRS` `` or the `static` of an
 * application, whose files are collected into another one. Null where it is neither, or something may bring the
 * files of the admin there.
 */
export function sourceOfStatic(
  deployment: Deployment,
  { settings, home, there, looked }: Looked,
): string | null {
  if (!wantsFiles(settings) || mayCopyStatic(deployment)) return null
  const files = filesOf(there)
  // Somebody keeps what was collected in the directory of the sources.
  if (files.kind(looked) !== 'directory' || files.kind(posix.join(looked, 'admin')) !== null) return null
  const own = identity(there, looked)
  const isSame = (directory: string): boolean => own !== null && identity(home, directory) === own
  if ((textList(settings, 'STATICFILES_DIRS') ?? []).some(isSame)) return '`STATICFILES_DIRS`'
  return ofApplications(settings).find(({ directory }) => isSame(directory))?.title ?? null
}

/** The directories in which the applications of the project keep their own files. */
function ofApplications(
  settings: DjangoSettings,
): readonly { readonly title: string; readonly directory: string }[] {
  const project = projectDirectory(settings)
  if (project === null) return []
  return (textList(settings, 'INSTALLED_APPS') ?? []).map(name => {
    const app = name.replace(/\.apps\.\w+$/, '')
    return {
      title: `the \`static\` of \`${app}\``,
      directory: posix.join(project, app.replaceAll('.', '/'), 'static'),
    }
  })
}

/** One directory has one: of what a container shows that of the repository, as two may show the same. */
function identity(machine: Machine, path: string): string | null {
  const clean = posix.resolve('/', path)
  const { container } = machine
  if (container === null) return machine.files.realPath(clean)
  const mount = container.mounts
    .filter(({ target }) => isBelow(clean, target))
    .sort((one, other) => other.target.length - one.target.length)[0]
  if (mount === undefined || mount.volume !== null || mount.path === null) return null
  return posix.join(mount.path, clean.slice(mount.target.replace(/\/$/, '').length))
}

const filesOf = ({ container, files }: Machine): FileSystem => container?.files ?? files

/** True where a command of the repository may copy or link static files. */
const mayCopyStatic = memo((deployment: Deployment): boolean =>
  (deployment.setups() ?? []).some(({ text }) =>
    /(?:\b(?:cp|ln|mv|rsync|synchronize|copytree|mount)\b[^\n]*|\bsrc:[^\n]*\n[^\n]*)static/.test(text),
  ),
)

/** What is said of a server that looks into such a directory. */
export function takenFromSource(
  server: 'nginx' | 'Apache',
  found: {
    readonly url: string
    readonly directory: string
    readonly looked: string
    readonly source: string
  },
): { readonly message: string; readonly severity: 'warning' } {
  return {
    severity: 'warning',
    message: `${server} looks for \`${found.url}\` in \`${found.looked}\`, which is ${found.source}: what \`collectstatic\` brings into \`${found.directory}\`, the files of the admin too, is 404`,
  }
}
